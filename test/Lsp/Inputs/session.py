"""A scripted session with a language server, as an editor has one."""

import json
import subprocess


class Session:
    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.last = 0
        self.notes = []  # notifications that nobody has asked for yet
        self.capabilities = self.request("initialize", capabilities={})["capabilities"]
        self.notify("initialized")

    def _send(self, message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def _receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()):
            name, value = line.split(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server is gone"
        return json.loads(self.process.stdout.read(length))

    def notify(self, method, **params):
        self._send({"method": method, "params": params})

    def request(self, method, **params):
        self.last += 1
        self._send({"id": self.last, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self.last:
                assert "error" not in message, message
                return message["result"]
            self.notes.append(message)

    def diagnostics(self):
        """The next that are published."""
        while not self.notes:
            self.notes.append(self._receive())
        message = self.notes.pop(0)
        assert message["method"] == "textDocument/publishDiagnostics", message
        return message["params"]["diagnostics"]

    def close(self):
        self.request("shutdown")
        self.notify("exit")
        assert self.process.wait(timeout=20) == 0
