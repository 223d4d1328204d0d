//! Authentication as a listener sees it: whole requests in, a caller or the exact error out.

mod clock;
mod declarations;
mod dev;
mod directory;
mod effort;
mod errors;
mod interruptions;
mod mutations;
mod organizations;
mod plans;
mod principals;
mod properties;
mod service_linked;
mod services;
mod session_limits;
mod sessions;
mod smoke;
mod upkeep;
mod vectors;
mod wire;
mod world;
