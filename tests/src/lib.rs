//! Shared set-up for the behaviour tests. Owns nothing that ships.
