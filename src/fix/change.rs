//! Each kind of change as edits of one document. A change that does not fit gives none: no fix is better than a guess.

use std::path::Path;

use crate::finding::{Change, Edit, NewBlock, Term};
use crate::fix::layout::{Document, Line};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax;
use crate::syntax::ast::{Block, Body, Expr, ExprKind, TemplatePart};

/// Arguments that stand last by custom.
const LAST: &[&str] = &["tags", "tags_all", "depends_on"];

/// The edits of a change; none when it does not fit the source.
pub(super) fn edits_of(change: &Change, document: &Document) -> Option<Vec<Edit>> {
    let is_in_place = matches!(change, Change::Replace { .. } | Change::Reword { .. });
    if document.is_json && !is_in_place {
        return None;
    }
    match change {
        Change::Replace { literal, with } => replace(document, *literal, with),
        Change::Assign { argument, with } => {
            let expr = document.attribute(*argument)?.expr.span;
            let end = document.end_of(expr);
            Some(vec![document.edit(expr.start as usize, end, term(with, "", document))])
        }
        Change::Set { block, name, value } => set(document, document.block(*block)?, name, value),
        Change::Nest { block, new } => nest(document, document.block(*block)?, new),
        Change::After { block, new } => {
            let block = document.block(*block)?;
            let indent = document.indent(document.line_of(block.span.start as usize)).to_owned();
            let texts: Vec<String> = new.iter().map(|new| print(new, &indent, document)).collect();
            after(document, block, &texts)
        }
        Change::Copy { block, word, copies } => {
            let block = document.block(*block)?;
            let texts: Option<Vec<String>> =
                copies.iter().map(|(name, with)| copy(document, block, name, word, with)).collect();
            after(document, block, &texts?)
        }
        Change::Append { collection, elements, like } => {
            append(document, *collection, elements, like.as_deref())
        }
        Change::Remove { block } => remove(document, document.block(*block)?),
        Change::Reword { within, word, with } => {
            let start = within.start as usize;
            let mut found = words(document.text(start, within.end as usize), word);
            let at = found.next().filter(|_| found.next().is_none())?;
            Some(vec![document.edit(start + at, start + at + word.len(), with.clone())])
        }
    }
}

/// A literal that is written at the place becomes another.
fn replace(document: &Document, literal: Span, with: &Term) -> Option<Vec<Edit>> {
    let (start, end) = (literal.start as usize, document.end_of(literal));
    let expr = parsed(document.text(start, end))?;
    let is_literal =
        matches!(expr.kind, ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Null);
    is_literal.then(|| vec![document.edit(start, end, term(with, "", document))])
}

/// A text as an expression, whose places count from its start.
fn parsed(text: &str) -> Option<Expr> {
    let file = SourceFile::new(FileId(0), Path::new("<expression>").to_path_buf(), text.to_owned());
    syntax::parse_expression(&file).ok()
}

fn set(document: &Document, block: &Block, name: &str, value: &Term) -> Option<Vec<Edit>> {
    let body = &block.body;
    if let Some(written) = body.attribute(name) {
        let expr = written.expr.span;
        let is_null = matches!(written.expr.kind, ExprKind::Null);
        return is_null
            .then(|| vec![document.edit(expr.start as usize, expr.end as usize, term(value, "", document))]);
    }
    let open = document.open_brace(block)?;
    let close = body.end?.start as usize;
    let eol = document.eol;
    let outer = document.indent(document.line_of(block.span.start as usize)).to_owned();
    let inner = format!("{outer}  ");
    if document.line_of(open) == document.line_of(close) {
        return set_in_one_line(document, block, (open, close), &inner, &outer, name, value);
    }
    if !document.begins_line(close) {
        return None;
    }
    let first_block = body.blocks.first().map_or(u32::MAX, |block| block.span.start);
    let items = lines(document, body);
    let is_early = |index: &usize| body.attributes[*index].span.start < first_block;
    let anchor = (0..items.len())
        .filter(is_early)
        .rfind(|index| !LAST.contains(&body.attributes[*index].name.as_str()));
    let Some(mut anchor) = anchor else {
        if !document.ends_line(open + 1) {
            return None;
        }
        let line = document.line_of(open);
        let at = document.line_end(line);
        let is_last = document.line_of(close) == line + 1 || document.is_blank(line + 1);
        let gap = if is_last { "" } else { eol };
        let text = format!("{eol}{inner}{name} = {}{gap}", term(value, &inner, document));
        return Some(vec![document.edit(at, at, text)]);
    };
    // What stands directly below shares the column, and so comes before the new argument.
    while let Some(next) = items.get(anchor + 1).filter(|_| is_early(&(anchor + 1)))
        && document.line_of(next.start) == document.line_of(items[anchor].end) + 1
        && document.line_of(next.end) == document.line_of(next.start)
    {
        anchor += 1;
    }
    let indent = document.indent(document.line_of(items[anchor].start)).to_owned();
    if !document.begins_line(items[anchor].start) || !document.ends_line(items[anchor].end) {
        return None;
    }
    let (left, apart) = document.column(&items, anchor, name);
    let gap = if apart { eol } else { "" };
    let at = document.line_end(document.line_of(items[anchor].end));
    let text = format!("{eol}{gap}{indent}{left}{}", term(value, &indent, document));
    Some(vec![document.edit(at, at, text)])
}

/// An argument of a block that is written in one line, which becomes one of several lines.
fn set_in_one_line(
    document: &Document,
    block: &Block,
    (open, close): (usize, usize),
    inner: &str,
    outer: &str,
    name: &str,
    value: &Term,
) -> Option<Vec<Edit>> {
    let eol = document.eol;
    let is_commented = document.tree.comments.iter().any(|comment| block.span.contains(comment.span));
    if is_commented || !block.body.blocks.is_empty() {
        return None;
    }
    let value = term(value, inner, document);
    match block.body.attributes.as_slice() {
        [] => Some(vec![document.edit(open + 1, close, format!("{eol}{inner}{name} = {value}{eol}{outer}"))]),
        [only] => {
            let width = name.len().max(only.name.len());
            let (start, end) = (only.name_span.start as usize, document.end_of(only.span));
            Some(vec![
                document.edit(open + 1, start, format!("{eol}{inner}")),
                document.edit(
                    only.name_span.end as usize,
                    only.expr.span.start as usize,
                    format!("{} = ", " ".repeat(width - only.name.len())),
                ),
                document.edit(end, close, format!("{eol}{inner}{name:<width$} = {value}{eol}{outer}")),
            ])
        }
        _ => None,
    }
}

fn lines(document: &Document, body: &Body) -> Vec<Line> {
    let line = |attribute: &crate::syntax::ast::Attribute| Line {
        start: attribute.name_span.start as usize,
        name_end: attribute.name_span.end as usize,
        value_start: attribute.expr.span.start as usize,
        end: document.end_of(attribute.span),
    };
    body.attributes.iter().map(line).collect()
}

fn nest(document: &Document, block: &Block, new: &NewBlock) -> Option<Vec<Edit>> {
    let body = &block.body;
    if body.attribute(&new.header).is_some() {
        return None;
    }
    let open = document.open_brace(block)?;
    let close = body.end?.start as usize;
    let eol = document.eol;
    let outer = document.indent(document.line_of(block.span.start as usize)).to_owned();
    let inner = format!("{outer}  ");
    if document.line_of(open) == document.line_of(close) {
        let is_empty = document.text(open + 1, close).trim().is_empty();
        let text = format!("{eol}{inner}{}{eol}{outer}", print(new, &inner, document));
        return is_empty.then(|| vec![document.edit(open + 1, close, text)]);
    }
    let same = body.blocks.iter().rfind(|sibling| sibling.block_type == new.header);
    let attributes = body.attributes.iter().map(|attribute| document.end_of(attribute.span));
    let blocks = body.blocks.iter().map(|block| block.span.end as usize);
    let end = match same {
        Some(sibling) => sibling.span.end as usize,
        None => attributes.chain(blocks).max().unwrap_or(open + 1),
    };
    if !document.ends_line(end) || !document.begins_line(close) {
        return None;
    }
    let is_first = end == open + 1;
    let gap = if is_first { "" } else { eol };
    let indent = match same {
        Some(sibling) => document.indent(document.line_of(sibling.span.start as usize)).to_owned(),
        None => inner,
    };
    let at = document.line_end(document.line_of(end));
    let text = format!("{eol}{gap}{indent}{}", print(new, &indent, document));
    Some(vec![document.edit(at, at, text)])
}

/// Texts of blocks after a block, each after a blank line.
fn after(document: &Document, block: &Block, texts: &[String]) -> Option<Vec<Edit>> {
    let end = block.span.end as usize;
    if !document.ends_line(end) {
        return None;
    }
    let (line, eol) = (document.line_of(end), document.eol);
    let at = document.line_end(line);
    let mut text = String::new();
    for block in texts {
        text.push_str(&format!("{eol}{eol}{block}"));
    }
    if line < document.last_line() && !document.is_blank(line + 1) {
        text.push_str(eol);
    }
    Some(vec![document.edit(at, at, text)])
}

/// The text of a block with another name and another word in its texts, without its comments.
fn copy(document: &Document, block: &Block, name: &str, word: &str, with: &str) -> Option<String> {
    let label = block.labels.last()?;
    let mut changes: Vec<(usize, usize, String)> =
        vec![(label.span.start as usize, label.span.end as usize, format!("\"{name}\""))];
    let mut texts: Vec<Span> = Vec::new();
    literals(&block.body.attribute("service_name")?.expr, &mut texts);
    let renamed = |texts: &[Span], beside: fn(char) -> bool| -> Vec<(usize, usize, String)> {
        let found = texts.iter().flat_map(|span| {
            let start = span.start as usize;
            find(document.text(start, span.end as usize), word, beside)
                .map(move |at| (start + at, start + at + word.len(), with.to_owned()))
        });
        found.collect()
    };
    let in_service = renamed(&texts, is_of_word);
    if in_service.len() != 1 {
        return None;
    }
    changes.extend(in_service);
    texts.clear();
    if let Some(tags) = block.body.attribute("tags") {
        literals(&tags.expr, &mut texts);
    }
    // In names words are parted by `-` and `_` too.
    changes.extend(renamed(&texts, char::is_alphanumeric));
    for comment in document.tree.comments.iter().filter(|comment| block.span.contains(comment.span)) {
        let (start, end) = (comment.span.start as usize, comment.span.end as usize);
        let line = document.line_of(start);
        // A comment that has its line for itself takes the line along.
        let before = if document.begins_line(start) && document.ends_line(end) {
            document.line_end(line.saturating_sub(1).max(1))
        } else {
            document.text(0, start).trim_end_matches([' ', '\t']).len()
        };
        changes.push((before, end, String::new()));
    }
    changes.sort();
    let mut text = String::new();
    let mut done = block.span.start as usize;
    for (start, end, new) in changes {
        text.push_str(document.text(done, start));
        text.push_str(&new);
        done = end.max(done);
    }
    text.push_str(document.text(done, block.span.end as usize));
    Some(text)
}

/// The places of literal text in strings and templates, also in the values of objects and in arguments of calls.
fn literals(expr: &Expr, into: &mut Vec<Span>) {
    match &expr.kind {
        ExprKind::String(_) => into.push(expr.span),
        ExprKind::Template(parts) => {
            for part in parts {
                if let TemplatePart::Literal(_, span) = part {
                    into.push(*span);
                }
            }
        }
        ExprKind::Object(items) => {
            for item in items {
                literals(&item.value, into);
            }
        }
        // `merge(var.tags, { Name = "ssm" })`.
        ExprKind::Call { args, .. } => {
            for arg in args {
                literals(arg, into);
            }
        }
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Traversal(_)
        | ExprKind::Access { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::Tuple(_)
        | ExprKind::For(_)
        | ExprKind::Parens(_) => {}
    }
}

/// Where a word stands in a text, with neither letter, digit, underscore nor hyphen beside it.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    find(text, word, is_of_word)
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Where a word stands in a text, with no such character beside it.
fn find<'a>(text: &'a str, word: &'a str, is_part: fn(char) -> bool) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn append(document: &Document, collection: Span, elements: &[Term], like: Option<&str>) -> Option<Vec<Edit>> {
    let (base, end) = (collection.start as usize, document.end_of(collection));
    let text = document.text(base, end);
    let expr = parsed(text)?;
    match &expr.kind {
        ExprKind::Tuple(items) if text.starts_with('[') => {
            let last = items.last().map(|item| base + item.span.end as usize);
            let texts: Vec<String> = elements.iter().map(|element| term(element, "", document)).collect();
            grow(document, (base, end), last, &texts)
        }
        ExprKind::Object(items) if text.starts_with('{') => {
            let like = items.iter().find(|item| is_key(&item.key, like.unwrap_or_default()))?;
            let sample =
                document.text(base + like.value.span.start as usize, base + like.value.span.end as usize);
            let mut entries: Vec<Line> = Vec::new();
            for item in items {
                entries.push(Line {
                    start: base + item.key.span.start as usize,
                    name_end: base + item.key.span.end as usize,
                    value_start: base + item.value.span.start as usize,
                    end: base + item.value.span.end as usize,
                });
            }
            let anchor = entries.len().checked_sub(1)?;
            let last = entries[anchor].end;
            let is_quoted = matches!(like.key.kind, ExprKind::String(_));
            let mut texts = Vec::new();
            for element in elements {
                let Term::Text(key) = element else { return None };
                let word = key_text(&like.key)?;
                let name = if is_quoted { format!("\"{key}\"") } else { key.clone() };
                let mut value = String::new();
                let mut done = 0;
                for at in words(sample, word) {
                    value.push_str(&sample[done..at]);
                    value.push_str(key);
                    done = at + word.len();
                }
                value.push_str(&sample[done..]);
                let (left, apart) = if document.begins_line(entries[anchor].start) {
                    document.column(&entries, anchor, &name)
                } else {
                    (format!("{name} = "), false)
                };
                if apart {
                    return None;
                }
                texts.push(format!("{left}{value}"));
            }
            grow(document, (base, end), Some(last), &texts)
        }
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Template(_)
        | ExprKind::Traversal(_)
        | ExprKind::Access { .. }
        | ExprKind::Call { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::Tuple(_)
        | ExprKind::Object(_)
        | ExprKind::For(_)
        | ExprKind::Parens(_) => None,
    }
}

fn is_key(key: &Expr, name: &str) -> bool {
    key_text(key) == Some(name)
}

/// The text of a key that is a name or a string.
fn key_text(key: &Expr) -> Option<&str> {
    if let ExprKind::Traversal(traversal) = &key.kind
        && traversal.steps.is_empty()
    {
        return Some(&traversal.root);
    }
    if let ExprKind::String(text) = &key.kind { Some(text) } else { None }
}

/// Items after the last one of a list or object between brackets.
fn grow(
    document: &Document,
    (start, end): (usize, usize),
    last: Option<usize>,
    items: &[String],
) -> Option<Vec<Edit>> {
    let eol = document.eol;
    let Some(last) = last else {
        let is_empty = document.text(start + 1, end - 1).trim().is_empty();
        return is_empty.then(|| vec![document.edit(start + 1, end - 1, items.join(", "))]);
    };
    let close = end - 1;
    let rest = document.text(last, close);
    let comma = rest.trim_start().starts_with(',').then(|| last + (rest.len() - rest.trim_start().len()));
    let last_line = document.line_of(last);
    if document.line_of(close) == last_line {
        return Some(vec![document.edit(last, last, format!(", {}", items.join(", ")))]);
    }
    let behind = comma.map_or(last, |comma| comma + 1);
    if !document.ends_line(behind) || !document.begins_line(close) {
        return None;
    }
    let is_list = document.text(start, start + 1) == "[";
    let indent = document.indent(last_line);
    let at = document.line_end(last_line);
    let mut edits = Vec::new();
    // In a list commas are needed; in an object line breaks separate, unless it is written with commas.
    let separator = if comma.is_some() || is_list { "," } else { "" };
    if comma.is_none() && is_list {
        edits.push(document.edit(last, last, ","));
    }
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let is_final = index + 1 == items.len();
        let separator = if is_final && comma.is_none() { "" } else { separator };
        text.push_str(&format!("{eol}{indent}{item}{separator}"));
    }
    if edits.first().is_some_and(|edit| edit.span.start as usize == at) {
        return Some(vec![document.edit(at, at, format!(",{text}"))]);
    }
    edits.push(document.edit(at, at, text));
    Some(edits)
}

fn remove(document: &Document, block: &Block) -> Option<Vec<Edit>> {
    let (start, end) = (block.span.start as usize, block.span.end as usize);
    let is_generated = matches!(block.block_type.as_str(), "dynamic" | "content");
    if is_generated || !document.begins_line(start) || !document.ends_line(end) {
        return None;
    }
    let mut first = document.line_of(start);
    let last = document.line_of(end);
    let is_comment = |line: u32| {
        let from = document.line_start(line);
        let text = document.file.line(line);
        let from = from + (text.len() - text.trim_start().len());
        document.tree.comments.iter().any(|comment| {
            comment.span.start as usize == from
                && comment.span.end as usize == document.line_start(line) + text.trim_end().len()
        })
    };
    while first > 1 && is_comment(first - 1) {
        first -= 1;
    }
    let is_open_above = first == 1 || document.is_blank(first - 1);
    let is_end_below = last >= document.last_line() || document.file.line(last + 1).trim() == "}";
    let mut from = document.line_start(first);
    let mut to =
        if last < document.last_line() { document.line_start(last + 1) } else { document.line_end(last) };
    if is_open_above && is_end_below && first > 1 {
        from = document.line_start(first - 1);
    } else if is_open_above && last + 1 < document.last_line() && document.is_blank(last + 1) {
        to = document.line_start(last + 2);
    }
    Some(vec![document.edit(from, to, "")])
}

/// A block as text that begins at an indented place; ends with its brace.
fn print(block: &NewBlock, indent: &str, document: &Document) -> String {
    if block.arguments.is_empty() && block.blocks.is_empty() {
        return format!("{} {{}}", block.header);
    }
    let eol = document.eol;
    let inner = format!("{indent}  ");
    let mut text = format!("{} {{{eol}", block.header);
    let values: Vec<(&str, String)> =
        block.arguments.iter().map(|(name, value)| (*name, term(value, &inner, document))).collect();
    let is_single = |value: &str| !value.contains('\n');
    let mut index = 0;
    while index < values.len() {
        let chain: Vec<&(&str, String)> =
            values[index..].iter().take_while(|(_, value)| is_single(value)).collect();
        let width = chain.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in &chain {
            text.push_str(&format!("{inner}{name:<width$} = {value}{eol}"));
        }
        index += chain.len();
        if let Some((name, value)) = values.get(index) {
            text.push_str(&format!("{inner}{name} = {value}{eol}"));
            index += 1;
        }
    }
    for (index, nested) in block.blocks.iter().enumerate() {
        if index > 0 || !values.is_empty() {
            text.push_str(eol);
        }
        text.push_str(&format!("{inner}{}{eol}", print(nested, &inner, document)));
    }
    text.push_str(indent);
    text.push('}');
    text
}

/// An expression as the syntax of the file has it.
fn term(term: &Term, indent: &str, document: &Document) -> String {
    match term {
        Term::Bool(value) => value.to_string(),
        Term::Number(value) => value.to_string(),
        Term::Text(text) => {
            // Both syntaxes escape alike, and both read `${` in a string as a template.
            let quoted = serde_json::Value::from(text.as_str()).to_string();
            quoted.replace("${", "$${").replace("%{", "%%{")
        }
        Term::Code(code) if document.is_json => serde_json::Value::from(format!("${{{code}}}")).to_string(),
        Term::Code(code) => code.replace('\n', &format!("{}{indent}", document.eol)),
    }
}
