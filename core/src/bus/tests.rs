//! Does the codec do what its page says?
