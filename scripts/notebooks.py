"""Executes one notebook from a clean kernel: notebooks.py NOTEBOOK FOLDER RESULT. The kernel works in FOLDER; RESULT is the notebook with its outputs, without
what differs from one machine or moment to another. Exit status 1 when a cell fails: its error is printed."""

import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

#: Seconds that a cell may take: the first one of some notebooks makes what all look at.
CELL_SECONDS = 480

source, folder, result = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
for cell in notebook.cells:
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
# over sockets that are files beside the result, which no other user of the machine reaches
config = Config({"KernelManager": {"transport": "ipc", "ip": f"{result}.socket"}})
client = NotebookClient(
    notebook,
    config=config,
    kernel_name="python3",
    timeout=CELL_SECONDS,
    record_timing=False,
    coalesce_streams=True,
    resources={"metadata": {"path": folder}},
)
try:
    client.execute()
except CellExecutionError as error:
    sys.exit(f"{source}: {error}")
notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
nbformat.write(notebook, result)
