"""How JupyterLab runs in the image of Containerfile.notebook: only with a token out of a file, in /work, with the notebooks of the repository.

Whoever has the token runs programs as the user of the container. So there is no start without one: Jupyter itself would take an empty file for "no
token wanted".
"""

import os
import shutil
import sys
from pathlib import Path

#: Letters of a token: `openssl rand -hex 24` gives 48.
TOKEN_LETTERS_MIN = 32

token_file = Path(os.environ.get("JUPYTER_TOKEN_FILE") or "/run/secrets/jupyter_token")
try:
    token = token_file.read_text(encoding="utf-8").strip()
except OSError as error:
    sys.exit(f"no token: {token_file}: {error.strerror}; JUPYTER_TOKEN_FILE names a file with one (openssl rand -hex 24)")
if len(token) < TOKEN_LETTERS_MIN:
    sys.exit(f"the token in {token_file} has {len(token)} letters, at least {TOKEN_LETTERS_MIN} are needed (openssl rand -hex 24)")

work = Path(os.environ.get("EMPORIUM_NOTEBOOKS_WORK") or "/work")
examples = Path(os.environ.get("EMPORIUM_NOTEBOOKS") or "/opt/jupyter/notebooks")
# a person's own changes stay: only what is not there yet is copied
for notebook in sorted(examples.glob("*.ipynb")):
    own = work / "notebooks" / notebook.name
    if not own.exists():
        own.parent.mkdir(exist_ok=True)
        shutil.copyfile(notebook, own)

c = get_config()  # noqa: F821
c.IdentityProvider.token = token
c.PasswordIdentityProvider.password_required = False
c.PasswordIdentityProvider.allow_password_change = False
c.ServerApp.root_dir = str(work)
c.ServerApp.open_browser = False
# within the container; whoever starts it opens the port on 127.0.0.1 of the machine alone
c.ServerApp.ip = os.environ.get("EMPORIUM_NOTEBOOKS_IP") or "0.0.0.0"
c.ServerApp.port = 8888
c.ServerApp.port_retries = 0
# a page of another name that leads to this address is refused: people come by localhost, also through ssh -L
c.ServerApp.allow_remote_access = False
