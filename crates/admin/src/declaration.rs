//! A declaration as the operator sends it: its text, and the files that its policies stand in, both read where the
//! operator is. And what is said of one that cannot be applied.

use std::collections::BTreeMap;

use trent_api::shape::{Length, Member, Shape, Structure, Text};
use trent_api::{ApiError, Encode, ErrorShape, ObjectWriter, SecretText};
use trent_identity::Bootstrap;
use trent_identity::declaration::plan::{ApplyError, Change, Scope};
use trent_service::internal;

/// The declaration is not one.
const INVALID_DECLARATION: ErrorShape = ErrorShape::modelled("InvalidDeclarationException", 400);

/// What it asks for cannot be done here.
const CANNOT_APPLY: ErrorShape = ErrorShape::modelled("DeclarationCannotBeAppliedException", 400);

/// The largest declaration, in characters.
const LARGEST: usize = 8 << 20;

static TEXT: Shape = Shape::Text(Text {
    length: Some(Length { min: 0, max: LARGEST }),
    pattern: None,
    // It holds the secrets of access keys.
    sensitive: true,
});

/// The text of the declaration.
pub(crate) const DECLARATION: Member = Member {
    name: "Declaration",
    path: "declaration",
    required: true,
    shape: &TEXT,
};

/// The texts of its files, by the names that it gives them.
pub(crate) const FILES: Member = Member {
    name: "Files",
    path: "files",
    required: false,
    shape: &Shape::TextMap,
};

/// The members of a request that has nothing else.
pub(crate) static ALONE: Structure = Structure {
    name: "PlanDeclarationRequest",
    members: &[DECLARATION, FILES],
};

/// A declaration.
pub(crate) struct Declaration {
    pub(crate) text: SecretText,
    pub(crate) files: Option<BTreeMap<String, String>>,
}

impl Declaration {
    /// Reads and checks it.
    pub(crate) fn parse(&self) -> Result<Bootstrap, ApiError> {
        let file = |path: &str| {
            let files = self.files.as_ref().and_then(|files| files.get(path).cloned());
            files.ok_or_else(|| "it did not come with the declaration".to_owned())
        };
        Bootstrap::parse(self.text.expose(), &file).map_err(|error| INVALID_DECLARATION.with(error.to_string()))
    }
}

/// The answer to a declaration that was not applied.
pub(crate) fn refusal(error: ApplyError) -> ApiError {
    if error.is_fault() {
        return internal(error);
    }
    CANNOT_APPLY.with(error.to_string())
}

/// A line of a plan as the wire has it.
pub(crate) struct Line {
    scope: String,
    kind: String,
    what: String,
}

impl Line {
    pub(crate) fn new(scope: Scope, change: Change) -> Self {
        Self {
            scope: scope.to_string(),
            kind: change.kind.as_str().to_owned(),
            what: change.what,
        }
    }
}

impl Encode for Line {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("Scope", &self.scope);
        object.required("Change", &self.kind);
        object.required("What", &self.what);
        object.end();
    }
}
