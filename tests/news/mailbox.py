"""A mail server of the standard library, as small as one can be, that can also fail."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage


class Mailbox(socketserver.ThreadingTCPServer):
    """`refuse`: the answer to RCPT instead of 250, for example "451 Later". `breaks`: hangs up."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.refuse, self.breaks = "", False
        self.attempts = 0
        self.mails: list[EmailMessage] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 mailbox")
        while line := self.rfile.readline().decode():
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO", "MAIL", "RSET", "NOOP"):
                self.say("250 ok")
            elif verb == "RCPT":
                self.server.attempts += 1
                if self.server.breaks:
                    return
                self.say(self.server.refuse or "250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                self.take()
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 what?")

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        parsed = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.mails.append(parsed)
