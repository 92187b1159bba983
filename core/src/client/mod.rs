//! Code that stands outside a node and speaks to it as any client would.
