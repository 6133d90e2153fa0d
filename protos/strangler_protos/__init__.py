"""Contracts: options, bindings, codecs, identity and the compiler; no Django."""
