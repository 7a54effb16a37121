//! CSV as Terraform reads it: RFC 4180 without leniency about quotes, which the `csv` crate has.

use crate::eval::funcs::FuncError;

/// Reads records of a text, one after the other.
pub(super) struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Reader<'a> {
        Reader { rest: text, line: 0 }
    }

    /// The next line with its break, which is `\n` in any case; none at the end.
    fn line(&mut self) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(match line.strip_suffix("\r\n") {
            Some(line) => format!("{line}\n"),
            None => line.strip_suffix('\r').unwrap_or(line).to_owned(),
        })
    }

    fn error(&self, what: &str) -> FuncError {
        FuncError::Call(format!("CSV parse error on line {}: {what}", self.line))
    }

    /// The next record of so many fields, or of any number; none at the end. Empty lines are no records.
    pub(super) fn record(&mut self, fields: Option<usize>) -> Result<Option<Vec<String>>, FuncError> {
        const BARE: &str = "bare \" in non-quoted-field";
        const QUOTE: &str = "extraneous or missing \" in quoted-field";
        let line = loop {
            match self.line() {
                None => return Ok(None),
                Some(line) if line == "\n" => {}
                Some(line) => break line,
            }
        };
        let mut record = Vec::new();
        let mut current = line;
        let mut at = 0;
        'record: loop {
            let Some(quoted) = current[at..].strip_prefix('"') else {
                let rest = &current[at..];
                let comma = rest.find(',');
                let field = comma.map_or(rest.strip_suffix('\n').unwrap_or(rest), |comma| &rest[..comma]);
                if field.contains('"') {
                    return Err(self.error(BARE));
                }
                record.push(field.to_owned());
                match comma {
                    Some(comma) => at += comma + 1,
                    None => break 'record,
                }
                continue;
            };
            let mut field = String::new();
            let mut rest = quoted.to_owned();
            loop {
                if let Some(quote) = rest.find('"') {
                    field.push_str(&rest[..quote]);
                    rest.drain(..=quote);
                    if rest.starts_with('"') {
                        field.push('"');
                        rest.remove(0);
                    } else if rest.starts_with(',') {
                        current = rest;
                        at = 1;
                        record.push(field);
                        continue 'record;
                    } else if rest.is_empty() || rest == "\n" {
                        record.push(field);
                        break 'record;
                    } else {
                        return Err(self.error(QUOTE));
                    }
                } else {
                    field.push_str(&rest);
                    match self.line() {
                        Some(line) => rest = line,
                        None => return Err(self.error(QUOTE)),
                    }
                }
            }
        }
        match fields {
            Some(fields) if fields != record.len() => Err(self.error("wrong number of fields")),
            _ => Ok(Some(record)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reader;

    fn records(text: &str) -> Option<Vec<Vec<String>>> {
        let mut reader = Reader::new(text);
        let mut records = Vec::new();
        while let Some(record) = reader.record(None).ok()? {
            records.push(record);
        }
        Some(records)
    }

    #[test]
    fn quotes_and_breaks() {
        let record = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            records("a,b\r\n\n1,\"x,\"\"y\"\"\nz\"\n"),
            Some(vec![record(&["a", "b"]), record(&["1", "x,\"y\"\nz"])])
        );
        assert_eq!(records("\"a\",\n"), Some(vec![record(&["a", ""])]));
        assert_eq!(records(" \"a\""), None);
        assert_eq!(records("\"a\"b"), None);
        assert_eq!(records("\"a"), None);
        assert_eq!(records(""), Some(vec![]));
    }
}
