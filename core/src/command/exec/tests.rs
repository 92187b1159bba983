//! Commands against a bare context.
