//! Rule pages: the text a rule is explained with, and the projects in it that tests execute.
//!
//! A page is embedded Markdown with front matter. This reads the little structure that `explain`, the SARIF help and
//! the tests need, and nothing else of Markdown.

use crate::finding::Severity;

/// A rule's page, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// `SSM001`.
    pub code: &'static str,
    /// `endpoint-private-dns-disabled`.
    pub name: &'static str,
    /// The severity that the rule usually has.
    pub severity: Severity,
    /// `endpoint`, `identity`, `network` ...
    pub category: &'static str,
    /// The version that brought the rule.
    pub since: &'static str,
    /// Addresses of the sources.
    pub references: Vec<&'static str>,
    /// The sentence under the title.
    pub summary: &'static str,
    /// The `##` sections in order.
    pub sections: Vec<Section>,
    /// Everything after the front matter.
    pub body: &'static str,
}

/// A `##` section of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// Its text, without the heading.
    pub body: &'static str,
}

/// What a project on a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The marked lines carry the finding, no other line any.
    Bad,
    /// The files that fixes change in the *Bad* project of the same heading, as they are afterwards.
    Fixed,
    /// No rule has anything to say.
    Good,
}

/// The blocks under one heading of *Bad* or *Good*: files that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The heading.
    pub title: &'static str,
    /// Whether findings are expected.
    pub shows: Shows,
    /// Path and text of each file.
    pub files: Vec<(String, String)>,
}

impl Page {
    /// Takes a page apart; says what is wrong with it.
    pub fn parse(text: &'static str) -> Result<Page, String> {
        let rest = text.strip_prefix("---\n").ok_or("a page starts with front matter")?;
        let (front, body) = rest.split_once("\n---\n").ok_or("the front matter has no end")?;
        let mut references = Vec::new();
        let mut fields: Vec<(&'static str, &'static str)> = Vec::new();
        for line in front.lines() {
            if let Some(item) = line.strip_prefix("  - ") {
                references.push(item);
            } else {
                let (key, value) = line.split_once(':').ok_or_else(|| format!("not a field: {line}"))?;
                fields.push((key, value.trim()));
            }
        }
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| *value).ok_or_else(|| format!("no field `{name}`"))
        };
        let severity = match field("severity")? {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "info" => Severity::Info,
            other => return Err(format!("not a severity: {other}")),
        };
        let mut sections = split_at_headings(body, "## ");
        sections.remove(0);
        let summary = summary(text);
        if summary.is_empty() {
            return Err("no sentence under the title".to_owned());
        }
        Ok(Page {
            code: field("code")?,
            name: field("name")?,
            severity,
            category: field("category")?,
            since: field("since")?,
            references,
            summary,
            sections,
            body: self::body(text),
        })
    }

    /// The section of that title.
    pub fn section(&self, title: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.title == title)
    }

    /// The projects under *Bad*, *Fixed* and *Good*, each heading within them one project; *Fixed* only where a fix exists.
    pub fn projects(&self) -> Result<Vec<Project>, String> {
        let mut projects = Vec::new();
        for (title, shows) in [("Bad", Shows::Bad), ("Fixed", Shows::Fixed), ("Good", Shows::Good)] {
            let section = match self.section(title) {
                Some(section) => section,
                None if shows == Shows::Fixed => continue,
                None => return Err(format!("no section *{title}*")),
            };
            for part in split_at_headings(section.body, "### ") {
                let title = match part.title {
                    // It shows what becomes of the only project under *Bad*.
                    "" if shows == Shows::Fixed => "Bad",
                    "" => section.title,
                    title => title,
                };
                let files = files(part.body)?;
                if !files.is_empty() {
                    projects.push(Project { title, shows, files });
                }
            }
        }
        Ok(projects)
    }
}

/// The page without its front matter.
pub fn body(page: &str) -> &str {
    let rest = page.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    rest.map_or(page, |(_, body)| body).trim_start()
}

/// The sentence under a page's title.
pub fn summary(page: &str) -> &str {
    let paragraphs = body(page).split("\n\n").map(str::trim);
    paragraphs
        .into_iter()
        .find(|paragraph| !paragraph.is_empty() && !paragraph.starts_with('#'))
        .unwrap_or_default()
}

/// The parts of a text between headings of one level; the first part is what stands before any, without a title.
fn split_at_headings(text: &'static str, mark: &str) -> Vec<Section> {
    let mut parts = Vec::new();
    let mut title = "";
    let mut start = 0;
    let mut offset = 0;
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let end = offset + line.len();
        if line.starts_with("```") {
            fenced = !fenced;
        } else if let Some(heading) = line.strip_prefix(mark).filter(|_| !fenced) {
            parts.push(Section { title, body: &text[start..offset] });
            title = heading.trim();
            start = end;
        }
        offset = end;
    }
    parts.push(Section { title, body: &text[start..] });
    parts
}

/// The fenced blocks of a text as files; a line `` `path`: `` before a block names it.
fn files(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut path: Option<String> = None;
    let mut block: Option<String> = None;
    for line in text.lines() {
        if let Some(content) = &mut block {
            if line == "```" {
                let path = path.take().unwrap_or_else(|| "main.tf".to_owned());
                if files.iter().any(|(other, _)| *other == path) {
                    return Err(format!("two blocks are `{path}`"));
                }
                files.push((path, block.take().unwrap_or_default()));
            } else {
                content.push_str(line);
                content.push('\n');
            }
        } else if line.starts_with("```") {
            block = Some(String::new());
        } else if let Some(name) = line.strip_prefix('`').and_then(|line| line.strip_suffix("`:")) {
            path = Some(name.to_owned());
        }
    }
    if block.is_some() {
        return Err("a block has no end".to_owned());
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "---\ncode: SSM999\nname: a-name\nseverity: info\ncategory: test\nsince: 0.1.0\n\
        references:\n  - https://example.com/a\n---\n# Title\n\nOne sentence.\n\n## Bad\n\n### Flat\n\n\
        ```hcl\n## not a heading\n```\n\n### Module\n\n```hcl\na = 1\n```\n\n`net/main.tf`:\n\n```hcl\nb = 2\n```\n\n\
        ## Good\n\n```hcl\nc = 3\n```\n";

    #[test]
    fn a_page_comes_apart() {
        let page = Page::parse(PAGE).unwrap();
        assert_eq!((page.code, page.severity, page.summary), ("SSM999", Severity::Info, "One sentence."));
        assert_eq!(page.references, ["https://example.com/a"]);
        let projects = page.projects().unwrap();
        let shape: Vec<_> = projects.iter().map(|p| (p.title, p.shows, p.files.len())).collect();
        assert_eq!(shape, [("Flat", Shows::Bad, 1), ("Module", Shows::Bad, 2), ("Good", Shows::Good, 1)]);
        assert_eq!(projects[1].files[1], ("net/main.tf".to_owned(), "b = 2\n".to_owned()));
    }

    #[test]
    fn a_page_without_front_matter_is_refused() {
        assert!(Page::parse("# Title\n").is_err());
    }
}
