"""The portal's client reads the portal's schema, a third of a second, each time that copick asks something: with this imported, once a process."""
import cryoet_data_portal._client as client

make = client.GQLClient
schemas = {}


def with_schema(schema=None, **more):
    made = make(schema=schemas.get(schema, schema) if isinstance(schema, str) else schema, **more)
    if isinstance(schema, str):
        schemas[schema] = made.schema
    return made


client.GQLClient = with_schema
