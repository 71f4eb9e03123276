//! Coded, labelled messages and their renderers.
