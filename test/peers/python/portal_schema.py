"""Where the schema is that the installed client holds its queries against."""
import pathlib

import cryoet_data_portal

print(pathlib.Path(cryoet_data_portal.__file__).parent / "data" / "schema.graphql")
