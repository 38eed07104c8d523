"""What the client's published tests need of the machine they run on, in place of their own conftest: `pytest --noconftest -p published_fixtures`.

EMPORIUM_GRAPHQL says where the server is. The outcome of each test goes to EMPORIUM_VERDICTS as one JSON list.
"""
import json
import os

import pytest
from cryoet_data_portal import Client

outcomes = {}


@pytest.fixture(scope="session")
def gql_url():
    return os.environ["EMPORIUM_GRAPHQL"]


# a client reads the portal's schema, which takes a second, and keeps nothing of what it is asked
@pytest.fixture(scope="session")
def client(gql_url):
    return Client(gql_url)


def pytest_runtest_logreport(report):
    # a test that fails before or after itself has failed too
    if report.when == "call" or report.outcome != "passed":
        outcomes[report.nodeid] = {"outcome": report.outcome, "detail": report.longreprtext[-2000:]}


def pytest_sessionfinish():
    verdicts = [{"case": name.split("::")[0], "check": name, "passed": one["outcome"] == "passed", "detail": one["detail"]} for name, one in outcomes.items()]
    with open(os.environ["EMPORIUM_VERDICTS"], "w") as file:
        json.dump(verdicts, file)
