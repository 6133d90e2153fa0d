"""From `.proto` files to stubs and codecs, and the rules that a contract keeps."""

from strangler_protos.compiler.generate import Output, check, generate

__all__ = ["Output", "check", "generate"]
