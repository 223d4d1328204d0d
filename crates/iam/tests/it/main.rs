//! IAM and STS behind the real pipeline.

mod sts;
