//! The errors of the model.

use super::super::facts::Service;
use super::super::header::header;
use super::super::naming::{snake, upper_snake, without_exception};
use std::fmt::Write as _;

pub(super) fn module(service: &Service) -> String {
    let mut text = header("The modelled errors: a row and a constructor each.");
    text.push_str("use crate::{ApiError, ErrorShape};\nuse std::borrow::Cow;\n");
    let mut all = String::new();
    for error in &service.errors {
        let short = without_exception(&error.name);
        let (row, function) = (upper_snake(short), snake(short));
        let (name, status) = (error.code.as_ref().unwrap_or(&error.name), error.status);
        let _ = write!(
            text,
            "\n/// `{name}`, HTTP {status}.\npub static {row}: ErrorShape = ErrorShape::modelled(\"{name}\", {status});\n\
             \n/// `{name}` with a message.\npub fn {function}(message: impl Into<Cow<'static, str>>) -> ApiError {{\n\
             {row}.with(message)\n}}\n"
        );
        let _ = write!(all, "&{row}, ");
    }
    let _ = write!(
        text,
        "\n/// Every modelled error.\npub static ALL: &[&ErrorShape] = &[{all}];\n"
    );
    text
}
