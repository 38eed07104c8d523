import { fileURLToPath } from "node:url";

/**
 * Settings of a run of suites that start Python: compiled modules are kept in one folder of `.cache`, for all environments and all runs. The environments
 * come without any, so that each start of Python would compile all that it imports, which for most scripts is more than their work; beside the sources of
 * the tests none are written. A shell that says otherwise does not decide.
 */
export const PYTHON_CODE = {
  PYTHONPYCACHEPREFIX: fileURLToPath(new URL("../.cache/python-code", import.meta.url)),
  PYTHONDONTWRITEBYTECODE: "",
};
