//! The commands of a shell script that certainly run: words, with what is quoted as one word. What stands in an `if`, after
//! `||`, after a test, or in a text that is only written somewhere is left out.

/// One command: its name and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// The words, the name first; at least one.
    pub(super) words: Vec<String>,
}

/// Scripts within scripts, as in `bash -c`, are followed this deep.
const DEPTH: usize = 4;

/// Words before a command that only say how it runs.
const BEFORE: &[&str] =
    &["!", "do", "else", "env", "exec", "nice", "nohup", "sudo", "then", "time", "until", "while", "{"];

/// Commands that run a text that they are given.
const SHELLS: &[&str] = &["ash", "bash", "dash", "ksh", "sh", "su", "zsh"];

/// Commands that only ask: what follows them after `&&` may not run.
const QUESTIONS: &[&str] = &["[", "[[", "command", "grep", "hash", "test", "type", "which"];

impl Command {
    /// The name, without the directory that it is in.
    pub(super) fn name(&self) -> &str {
        let first = self.words.first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or(first)
    }

    /// The arguments that are no flags.
    pub(super) fn operands(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// Whether one of the arguments is this word.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().skip(1).any(|own| own == word)
    }
}

/// The commands of a script that run whatever is the case.
pub(super) fn commands(script: &str) -> Vec<Command> {
    let mut found = Vec::new();
    collect(script, DEPTH, &mut found);
    found
}

fn collect(script: &str, depth: usize, found: &mut Vec<Command>) {
    let mut branches = 0_usize;
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim().to_owned();
        while line.ends_with('\\') {
            line.pop();
            line.push_str(lines.next().unwrap_or("").trim());
        }
        // An entry of `runcmd` in a cloud configuration: a text, or a list of words.
        let entry = line.strip_prefix("- ").unwrap_or(&line).trim();
        let list = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let list = list.filter(|_| line.starts_with('-')).map(|list| list.replace(',', " "));
        let text = list.as_deref().unwrap_or(entry);
        let mut asked = false;
        let mut ran = Vec::new();
        for (separator, words) in split(text) {
            let mut words = words.as_slice();
            while let Some(first) = words.first() {
                let is_setting = first.split_once('=').is_some_and(|(name, _)| is_name(name));
                if !is_setting && !BEFORE.contains(&first.as_str()) {
                    break;
                }
                words = &words[1..];
                while let Some(flag) = words.first().filter(|word| word.starts_with('-')) {
                    let takes_one =
                        matches!((first.as_str(), flag.as_str()), ("sudo", "-u" | "-g") | ("nice", "-n"));
                    words = words.get(1 + usize::from(takes_one)..).unwrap_or_default();
                }
            }
            let Some(first) = words.first() else { continue };
            match first.as_str() {
                "if" | "case" => {
                    branches += 1;
                    continue;
                }
                "fi" | "esac" => {
                    branches = branches.saturating_sub(1);
                    continue;
                }
                _ => {}
            }
            let conditional = separator == Separator::Or || separator == Separator::And && asked;
            if separator != Separator::And {
                asked = false;
            }
            asked |= QUESTIONS.contains(&first.as_str());
            if branches == 0 && !conditional {
                ran.push(Command { words: words.to_vec() });
            }
        }
        // What follows as a text runs where it is given to a shell.
        if let Some(end) = here_document(&line) {
            let is_run = ran.iter().any(|command| SHELLS.contains(&command.name()));
            let body: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != end).collect();
            if is_run && depth > 0 {
                collect(&body.join("\n"), depth - 1, found);
            }
        }
        for command in ran {
            let text = command.words.iter().position(|word| word == "-c" || word == "-lc");
            let text = text.filter(|_| SHELLS.contains(&command.name()));
            match text.and_then(|at| command.words.get(at + 1)) {
                Some(text) if depth > 0 => collect(text, depth - 1, found),
                Some(_) | None => found.push(command),
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The word that ends the text after a line: `EOF` of `cat <<-'EOF' > file`.
fn here_document(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("<<").filter(|(_, rest)| !rest.starts_with('<'))?;
    let rest = rest.trim_start_matches('-').trim_start();
    let end = rest.trim_start_matches(['"', '\'', '\\']);
    let end = end.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    (!end.is_empty() && !end.starts_with(|c: char| c.is_ascii_digit())).then_some(end)
}

/// What stands before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    /// Nothing that it depends on.
    Plain,
    /// `&&`.
    And,
    /// `||`.
    Or,
}

/// The commands of a line, each with what stands before it; a comment ends it.
fn split(line: &str) -> Vec<(Separator, Vec<String>)> {
    let mut commands = Vec::new();
    let mut separator = Separator::Plain;
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    // The quotes around a substitution, and what opened it.
    let mut around: Vec<(Option<char>, char)> = Vec::new();
    let enter = |around: &mut Vec<(Option<char>, char)>, quote: Option<char>, open: char| {
        around.push((quote, open));
        None
    };
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            // A substitution runs within double quotes, too.
            (None | Some('"'), '`') | (None, '(' | ')') => {
                quote = match c {
                    '(' => enter(&mut around, quote, '('),
                    '`' if around.last().is_none_or(|(_, open)| *open != '`') => {
                        enter(&mut around, quote, '`')
                    }
                    _ => around.pop().and_then(|(quote, _)| quote),
                };
                words.extend(word.take());
                commands.push((separator, std::mem::take(&mut words)));
                separator = Separator::Plain;
            }
            (Some('"'), '$') if chars.peek() == Some(&'(') => {
                chars.next();
                quote = enter(&mut around, quote, '(');
                words.extend(word.take());
                commands.push((separator, std::mem::take(&mut words)));
                separator = Separator::Plain;
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, '#') if word.is_none() => break,
            (None, '$') if chars.peek() == Some(&'(') => {}
            (None, ';' | '|' | '&') => {
                let doubled = c != ';' && chars.peek() == Some(&c);
                if doubled {
                    chars.next();
                }
                // `2>&1` and `&>` are no separators.
                let redirects = c == '&'
                    && !doubled
                    && (chars.peek() == Some(&'>') || word.as_ref().is_some_and(|word| word.ends_with('>')));
                if redirects {
                    word.get_or_insert_default().push(c);
                    continue;
                }
                words.extend(word.take());
                commands.push((separator, std::mem::take(&mut words)));
                separator = match (c, doubled) {
                    ('|', true) => Separator::Or,
                    ('&', true) => Separator::And,
                    _ => Separator::Plain,
                };
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    commands.push((separator, words));
    commands.retain(|(_, words)| words.iter().any(|word| !word.is_empty()));
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Vec<String> {
        commands(script).into_iter().map(|command| command.words.join(" ")).collect()
    }

    #[test]
    fn a_command_is_its_words() {
        assert_eq!(run("sudo -E apt-get -qq install nginx # now"), ["apt-get -qq install nginx"]);
        assert_eq!(run("DEBIAN_FRONTEND=noninteractive apt-get update"), ["apt-get update"]);
        assert_eq!(run("sudo -u app git clone x"), ["git clone x"]);
        assert_eq!(run("echo \"run apt-get install later\""), ["echo run apt-get install later"]);
        assert_eq!(
            run("set -e && docker pull nginx; ls 2>&1 | tee log"),
            ["set -e", "docker pull nginx", "ls 2>&1", "tee log"]
        );
        assert_eq!(run("apt-get install \\\n  nginx"), ["apt-get install nginx"]);
        assert_eq!(run("TOKEN=$(curl -s http://x)"), ["curl -s http://x"]);
        assert_eq!(run("id=\"$(curl http://x)\"; y"), ["curl http://x", "y"]);
        assert_eq!(run("id=\"a`curl http://x`\" && y"), ["curl http://x", "y"]);
        assert_eq!(run("runcmd:\n  - yum install -y x"), ["runcmd:", "yum install -y x"]);
        assert_eq!(run("- [ yum, install, -y, \"x\" ]"), ["yum install -y x"]);
    }

    #[test]
    fn what_stands_in_an_if_does_not_count() {
        let script =
            "set -e\nif ! command -v jq; then\n  apt-get install jq\nfi\ndocker pull nginx\n# curl x";
        assert_eq!(run(script), ["set -e", "docker pull nginx"]);
        assert_eq!(run("if true; then x; fi\ny"), ["y"]);
        assert_eq!(run("command -v jq || curl x"), ["command -v jq"]);
        assert_eq!(run("[ -f x ] && curl x\ny"), ["[ -f x ]", "y"]);
    }

    #[test]
    fn a_text_runs_where_a_shell_gets_it() {
        assert_eq!(run("cat <<EOF > file\ncurl x\nEOF\ny"), ["cat <<EOF > file", "y"]);
        assert_eq!(run("bash <<'EOF'\ncurl x\nEOF\ny"), ["curl x", "bash <<EOF", "y"]);
        assert_eq!(run("su - app -c 'git clone x'"), ["git clone x"]);
        assert_eq!(run("tee x <<< \"curl x\""), ["tee x <<< curl x"]);
    }
}
