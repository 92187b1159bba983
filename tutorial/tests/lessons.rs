//! Every lesson, in every language.
