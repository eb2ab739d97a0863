"""Bodies in content codings, made by the programs and libraries that senders use."""
import subprocess
import zlib

from senders import github_headers


def with_zlib(body, window_bits):
    packer = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    return packer.compress(body) + packer.flush()


def with_program(*command):
    return lambda body: subprocess.run(command, input=body, capture_output=True, check=True).stdout


# (Content-Encoding, how)
CODINGS = (("gzip", with_program("gzip", "-c")), ("x-gzip", with_program("gzip", "-1c")),
           ("gzip", lambda body: with_zlib(body[:9], 31) + with_zlib(body[9:], 31)),
           ("deflate", lambda body: with_zlib(body, 15)),
           ("deflate", lambda body: with_zlib(body, -15)),
           ("br", with_program("brotli", "-c")), ("zstd", with_program("zstd", "-qc")),
           ("ZSTD", with_program("zstd", "-qc", "-19")), ("identity", bytes))


def folded_headers(coding, body, **github):
    """Those of a GitHub event whose signature is over `body`."""
    return {**github_headers(body, **github), "Content-Encoding": coding}
