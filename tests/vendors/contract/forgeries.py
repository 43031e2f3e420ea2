"""What somebody who is not the vendor could send: an honest delivery, changed in every way that we can think of."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace

from campaigns.domain.call import Webhook

Forgery = tuple[str, Webhook]


def of_address(honest: Webhook) -> Iterator[Forgery]:
    """The right body at a wrong address."""
    token = honest.token
    wrong = {
        "of another provider": "a9" * 20, "full width": token[:-1] + "\uff58", "zero width": token + "\u200b",
        "empty": "", "cut": token[:-1], "longer": token + "0", "other end": token[:-1] + "\u0430",
        "upper": token.upper(), "colon": token + ":", "comma": f"{token},{token}",
        "reversed": token[::-1], "blank": " " + token, "blank after": token + " ", "newline": token + "\n",
        "nul": token + "\0", "encoded": token.replace("-", "%2D"), "quoted": f'"{token}"', "twice": token * 2,
        "path": token + "/..", "wildcard": "*", "word": "token", "half character": "\ud800" * 20, "zeros": "0" * 40,
        "null": "null", "none": "None", "an attempt": "attempt-1." + "0" * 40, "an attempt of nobody": f".{token}",
        "an attempt's empty proof": "attempt-1.", "hash of itself": hashlib.sha256(token.encode()).hexdigest(),
    }  # fmt: skip
    yield from ((f"address: {name}", replace(honest, token=text)) for name, text in wrong.items())


def of_body(honest: Webhook) -> Iterator[Forgery]:
    """What is no event at all, at the right address."""
    texts = {
        "empty": b"", "blank": b"   ", "no json": b"<html></html>", "a number": b"7", "a list": b"[]", "null": b"null",
        "a text": b'"end-of-call-report"', "cut": honest.body[: len(honest.body) // 2],
        "two": honest.body + honest.body, "nul bytes": honest.body + b"\0\0", "not utf-8": b"\xff\xfe" + honest.body,
        "deep": b"[" * 5_000 + b"]" * 5_000, "no keys": b"{}", "NaN": b'{"message": NaN}',
        "a key twice": honest.body[:-1] + b"," + honest.body[1:],
        "byte order mark": b"\xef\xbb\xbf" + honest.body, "utf-16": honest.body.decode().encode("utf-16"),
        "half a character": honest.body[:-1] + b',"x":"\xed\xa0\x80"}',
        "overlong": honest.body[:-1] + b',"x":"\xc0\xaf"}',
        "infinity": honest.body[:-1] + b',"x":Infinity}', "too large a fraction": honest.body[:-1] + b',"x":1e999}',
        "more digits than are read": honest.body[:-1] + b',"x":' + b"9" * 5_000 + b"}",
        "deep inside": honest.body[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}",
        "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "digits of elsewhere": '{"x":\u0661}'.encode(),
        "a comment": honest.body[:-1] + b"/* */}", "a comma": honest.body[:-1] + b",}",
        "other quotes": honest.body.replace(b'"', b"'"), "a form": b"payload=" + honest.body,
        "a key twice, escaped": honest.body[:-1] + b',"z":1,"\\u007a":2}',
    }  # fmt: skip
    yield from ((f"body: {name}", replace(honest, body=text)) for name, text in texts.items())


def of_signature(honest: Webhook, *, header: str, stamp: str, secret: str) -> Iterator[Forgery]:
    """A signed delivery with something about its proof that is not right."""
    right, at = honest.headers[header], honest.headers[stamp]
    prefix, _, digest = right.rpartition("=")
    lead = f"{prefix}=" if prefix else ""

    def made(key: str, text: bytes) -> str:
        return lead + hmac.new(key.encode(), text, hashlib.sha256).hexdigest()

    changed = {
        "full width": lead + digest[:-1] + "\uff11", "base64": lead + base64.b64encode(bytes.fromhex(digest)).decode(),
        "several": f"{lead}{'0' * 64},{right}", "the right one last": f"{lead}{'0' * 64} {right}",
        "algorithm none": f"none={digest}", "mixed case": lead + digest.title(),
        "another stamp": made(secret, str(int(at) + 1).encode() + b"." + honest.body),
        "the token as secret": made(honest.token, at.encode() + b"." + honest.body),
        "none": None, "empty": "", "cut": right[:-1], "longer": right + "0", "upper": lead + digest.upper(),
        "zeros": lead + "0" * 64, "no prefix": digest if prefix else f"sha256={digest}",
        "other prefix": f"sha1={digest}",
        "twice": f"{right}, {right}", "blank": f" {right} ", "half character": "\ud800", "null": "null",
        "another secret": made(secret + "x", at.encode() + b"." + honest.body),
        "empty secret": made("", at.encode() + b"." + honest.body),
        "body alone": made(secret, honest.body),
        "no dot": made(secret, at.encode() + honest.body),
        "another body": made(secret, at.encode() + b"." + honest.body + b" "),
        "sha1": lead + hmac.new(secret.encode(), at.encode() + b"." + honest.body, hashlib.sha1).hexdigest(),
        "plain hash": lead + hashlib.sha256(at.encode() + b"." + honest.body).hexdigest(),
    }  # fmt: skip
    yield from ((f"signature: {name}", _with(honest, header, text)) for name, text in changed.items())
    stale, coming = str(int(at) - 301), str(int(at) + 301)
    for name, text in {
        "other digits": "".join(chr(0x660 + int(each)) for each in at), "superscript": at[:-1] + "\u00b2",
        "underscore": f"{at[:3]}_{at[3:]}", "leading zero, unsigned": f"0{at}", "blank": f" {at}", "plus": f"+{at}",
        "none": None, "empty": "", "stale": stale, "to come": coming, "another": str(int(at) + 1), "negative": f"-{at}",
        "fraction": f"{at}.0", "milliseconds": f"{at}000", "hex": hex(int(at)), "huge": "9" * 40, "words": "now",
        "twice": f"{at}, {at}",
    }.items():  # fmt: skip
        yield f"stamp: {name}", _with(honest, stamp, text)
    for name, text in {"stale": stale, "to come": coming}.items():
        signed = _with(honest, header, made(secret, text.encode() + b"." + honest.body))
        yield f"signed anew, {name}", _with(signed, stamp, text)
    body = json.dumps(json.loads(honest.body), indent=1).encode()
    yield "body: other blanks", replace(honest, body=body)
    yield "body: another call", replace(honest, body=honest.body.replace(b"call-1", b"call-2"))


def _with(webhook: Webhook, name: str, text: str | None) -> Webhook:
    headers = {key: value for key, value in webhook.headers.items() if key != name}
    return replace(webhook, headers=headers if text is None else {**headers, name: text})
