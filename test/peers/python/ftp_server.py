"""An FTP server over a folder, by pyftpdlib: `ftp_server.py FOLDER [--without CMD,CMD] [--most N]`. Anonymous, read-only.

Prints its port as the first line; ends with its standard input."""

import argparse
import logging
import sys
import threading

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--without", default="")
parser.add_argument("--most", type=int, default=0)
options = parser.parse_args()

logging.basicConfig(level=logging.CRITICAL)
authorizer = DummyAuthorizer()
authorizer.add_anonymous(options.folder)


class Handler(FTPHandler):
    proto_cmds = {name: facts for name, facts in FTPHandler.proto_cmds.items() if name not in options.without.split(",")}


Handler.authorizer = authorizer
# Another address than the one that it is reached by: clients that believe it get nowhere.
Handler.masquerade_address = "192.0.2.1"
server = FTPServer(("127.0.0.1", 0), Handler)
server.max_cons_per_ip = options.most
print(server.address[1], flush=True)


def end_with_input():
    sys.stdin.read()
    server.close_all()


threading.Thread(target=end_with_input, daemon=True).start()
server.serve_forever(timeout=0.2)
