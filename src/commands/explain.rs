//! `ssmlint explain` and `ssmlint rules`: the pages of the rules and of the handbook.

use miette::{Report as Failure, miette};

use ssmlint::lint;
use ssmlint::report::{page, safe};

use crate::cli::{ExplainArgs, PageFormat};
use crate::commands::output::{print, terminal_width, use_color, use_hyperlinks};

pub(crate) fn run(arguments: &ExplainArgs) -> Result<u8, Failure> {
    let name = &arguments.page;
    let Some(page) = lint::page(name) else {
        let help = match lint::page_like(name) {
            Some(like) => format!("did you mean {like}? `ssmlint rules` lists all of them"),
            None => "`ssmlint rules` lists all of them".to_owned(),
        };
        return Err(miette!(help = help, "there is no rule {}", safe::line(name)));
    };
    let width = terminal_width();
    let format = arguments.format.unwrap_or(match width {
        Some(_) => PageFormat::Text,
        None => PageFormat::Markdown,
    });
    print(&match format {
        PageFormat::Markdown => page::markdown(&page),
        PageFormat::Text => {
            let layout = page::Layout {
                width: width.unwrap_or(page::Layout::default().width),
                color: use_color(arguments.color),
                hyperlinks: use_hyperlinks(arguments.hyperlinks),
            };
            page::text(&page, &layout)
        }
    })?;
    Ok(0)
}

/// All rules, one line each.
pub(crate) fn list() -> Result<u8, Failure> {
    print(&page::list(&lint::rules())).map(|()| 0)
}
