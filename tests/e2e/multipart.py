"""multipart/form-data as senders make it: (headers, body) of parts."""
import uuid


def field(name, value, headers=""):
    """A part without a file name; `value` is text or bytes."""
    return (f'name="{name}"', headers, value.encode() if isinstance(value, str) else value)


def file(name, filename, content, media_type="application/octet-stream"):
    return (f'name="{name}"; filename="{filename}"', f"Content-Type: {media_type}\r\n", content)


def multipart(*parts, boundary=None):
    """Of (parameters of Content-Disposition, further headers, content)."""
    boundary = boundary or "----=_Part_" + uuid.uuid4().hex
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {parameters}\r\n{headers}\r\n".encode()
        + content + b"\r\n" for parameters, headers, content in parts)
    return ({"Content-Type": f'multipart/form-data; boundary="{boundary}"'},
            body + f"--{boundary}--\r\n".encode())
