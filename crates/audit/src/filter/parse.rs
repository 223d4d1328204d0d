//! Reading a filter.

use super::{Expression, Relation, Selector, Step, Test};

/// How deep parentheses may be nested.
const DEEPEST: usize = 32;

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Something else was to stand here.
    #[error("at character {at}: {wanted} is expected")]
    Expected {
        /// Where, counted from 1.
        at: usize,
        /// What was to stand there.
        wanted: &'static str,
    },
    /// Parentheses within parentheses, too many times.
    #[error("parentheses are nested more than {DEEPEST} deep")]
    TooDeep,
}

/// The expression of `{ … }`.
pub(super) fn filter(text: &str) -> Result<Expression, FilterError> {
    let mut reader = Reader { text, rest: text };
    reader.need("{", "`{`")?;
    let expression = reader.any(0)?;
    reader.need("}", "`&&`, `||` or `}`")?;
    reader.blank();
    if reader.rest.is_empty() {
        Ok(expression)
    } else {
        Err(reader.expected("the end"))
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn expected(&self, wanted: &'static str) -> FilterError {
        let before = &self.text[..self.text.len() - self.rest.len()];
        FilterError::Expected {
            at: before.chars().count() + 1,
            wanted,
        }
    }

    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes a mark if it comes next.
    fn take(&mut self, mark: &str) -> bool {
        self.blank();
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn need(&mut self, mark: &str, wanted: &'static str) -> Result<(), FilterError> {
        if self.take(mark) {
            Ok(())
        } else {
            Err(self.expected(wanted))
        }
    }

    fn any(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.take("||") {
            parts.push(self.all(depth)?);
        }
        Ok(Expression::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut parts = vec![self.one(depth)?];
        while self.take("&&") {
            parts.push(self.one(depth)?);
        }
        Ok(Expression::All(parts))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, FilterError> {
        if !self.take("(") {
            let selector = self.selector()?;
            return Ok(Expression::Test(selector, self.test()?));
        }
        if depth == DEEPEST {
            return Err(FilterError::TooDeep);
        }
        let inner = self.any(depth + 1)?;
        self.need(")", "`&&`, `||` or `)`")?;
        Ok(inner)
    }

    fn selector(&mut self) -> Result<Selector, FilterError> {
        self.need("$", "a selector such as `$.eventName`")?;
        let mut steps = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                let name = self.word(|c| c.is_alphanumeric() || c == '_' || c == '-');
                if name.is_empty() {
                    return Err(self.expected("a member's name"));
                }
                steps.push(Step::Member(name.to_owned()));
            } else if let Some(rest) = self.rest.strip_prefix('[') {
                self.rest = rest;
                if let Some(rest) = self.rest.strip_prefix('"') {
                    self.rest = rest;
                    steps.push(Step::Member(self.quoted()?));
                } else {
                    let digits = self.word(|c| c.is_ascii_digit());
                    let number = digits.parse().map_err(|_| self.expected("an element's number"))?;
                    steps.push(Step::Element(number));
                }
                self.need("]", "`]`")?;
            } else if steps.is_empty() {
                return Err(self.expected("`.` or `[`"));
            } else {
                return Ok(Selector(steps));
            }
        }
    }

    fn test(&mut self) -> Result<Test, FilterError> {
        const RELATIONS: [(&str, Relation); 6] = [
            ("!=", Relation::NotEqual),
            ("<=", Relation::LessOrEqual),
            (">=", Relation::GreaterOrEqual),
            ("=", Relation::Equal),
            ("<", Relation::Less),
            (">", Relation::Greater),
        ];
        for (mark, relation) in RELATIONS {
            if self.take(mark) {
                return self.value(relation);
            }
        }
        let mut words = || {
            self.blank();
            self.word(char::is_alphabetic).to_ascii_uppercase()
        };
        match words().as_str() {
            "EXISTS" => Ok(Test::Exists(true)),
            "NOT" if words() == "EXISTS" => Ok(Test::Exists(false)),
            "IS" => match words().as_str() {
                "NULL" => Ok(Test::Is(None)),
                "TRUE" => Ok(Test::Is(Some(true))),
                "FALSE" => Ok(Test::Is(Some(false))),
                _ => Err(self.expected("`NULL`, `TRUE` or `FALSE`")),
            },
            _ => Err(self.expected("a comparison, `IS` or `NOT EXISTS`")),
        }
    }

    /// What something is compared with. Only text that is not quoted can be a number.
    fn value(&mut self, relation: Relation) -> Result<Test, FilterError> {
        self.blank();
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            let pattern = self.quoted()?;
            return self.text(relation, pattern);
        }
        let word = self.word(|c| !c.is_whitespace() && !matches!(c, '}' | ')' | '(' | '{' | '&' | '|' | '"'));
        match word.parse::<f64>() {
            _ if word.is_empty() => Err(self.expected("a text or a number")),
            Ok(number) if number.is_finite() => Ok(Test::Number { relation, number }),
            _ => self.text(relation, word.to_owned()),
        }
    }

    fn text(&self, relation: Relation, pattern: String) -> Result<Test, FilterError> {
        match relation {
            Relation::Equal | Relation::NotEqual => Ok(Test::Text {
                pattern,
                equal: relation == Relation::Equal,
            }),
            _ => Err(self.expected("a number to compare with")),
        }
    }

    /// The rest of a quoted text, in which a backslash takes the next character as it is.
    fn quoted(&mut self) -> Result<String, FilterError> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => text.extend(characters.next().map(|(_, character)| character)),
                plain => text.push(plain),
            }
        }
        self.rest = "";
        Err(self.expected("the closing quotation mark"))
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }
}
