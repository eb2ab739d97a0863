"""A001 to A012: lengths and transfer codings that two servers could read differently are refused
and the connection closed."""
from framing import Framing, head, signed_request
from harness import library_version

CHUNKED, LENGTH = "Transfer-Encoding: chunked", "Content-Length: 5"
smuggled = signed_request()
with Framing() as framing:
    framing.refused("A001 CL and TE", head(LENGTH, CHUNKED) + b"0\r\n\r\n" + smuggled)
    framing.refused("A001 TE and CL", head(CHUNKED, LENGTH) + b"0\r\n\r\n" + smuggled)
    framing.refused("A003 two lengths",
                    head(LENGTH, f"Content-Length: {5 + len(smuggled)}") + b"hello" + smuggled)
    framing.refused("A004 the same length twice", head(LENGTH, LENGTH) + b"hello" + smuggled)
    # libmicrohttpd 1.0 takes blanks off the end, which are no part of a value (RFC 9110, 5.5)
    blanks = library_version("libmicrohttpd") < (1,)
    for value in ("-1", "+5", "0x5", "5, 5", "", "5 x", "5\t6", "00005",
                  *(("5 ", "5\t") if blanks else ())):
        framing.refused(f"A005 CL {value!r}",
                        head(f"Content-Length: {value}") + b"hello" + smuggled)
    for value in (2 ** 64, 2 ** 64 - 1, 2 ** 63, 2 ** 63 - 1):
        framing.refused(f"A006 CL {value}", head(f"Content-Length: {value}"), (413, 400))
    framing.refused("A007 one too many", head("Content-Length: 65537", "Expect: 100-continue"),
                    (413,))
    for value in ("gzip, chunked", "chunked, identity", "identity", "xchunked", "chunked, chunked",
                  "", *(("chunked ",) if blanks else ())):
        framing.refused(f"A008 TE {value!r}",
                        head(f"Transfer-Encoding: {value}") + b"5\r\nhello\r\n0\r\n\r\n" + smuggled,
                        (400, 501))
    framing.refused("A008 two TE", head(CHUNKED, "Transfer-Encoding: identity") + b"0\r\n\r\n"
                    + smuggled, (400, 501))
    framing.refused("A010 TE in HTTP/1.0",
                    head(CHUNKED, first="POST /hook HTTP/1.0") + b"5\r\nhello\r\n0\r\n\r\n")
    framing.refused("A011 TE with a blank",
                    head("Transfer-Encoding : chunked", LENGTH) + b"hello" + smuggled)
    framing.refused("A012 CL with a blank", head(f"Content-Length : {len(smuggled)}") + smuggled)
