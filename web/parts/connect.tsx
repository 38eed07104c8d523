import { quoteWords } from "../../src/core/shell.js";
import type { ServerFacts } from "../../src/model/page-api.js";
import { base } from "./api.js";
import { literal } from "./python-text.js";
import { PasteLines, TextTabs } from "./text-tabs.js";

/** The lines that other programs need to read what is here. */
export function Connect({ server }: { server: ServerFacts }) {
  const tabs = waysOf(server).map(({ name, lines }) => ({ name, content: <PasteLines text={lines} label="Copy lines" /> }));
  return (
    <section className="panel connect" aria-labelledby="connect">
      <h2 id="connect">Connect</h2>
      <TextTabs label="Programs" tabs={tabs} />
    </section>
  );
}

function waysOf({ addresses, bucket }: ServerFacts) {
  const graphql = new URL(addresses.graphql, base).href;
  const s3 = new URL(addresses.s3, base).href;
  const python = (...lines: readonly string[]) => lines.join("\n");
  return [
    {
      name: "Python client",
      lines: python(
        "import os",
        `os.environ["BOTO_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL_S3"] = ${literal(s3)}`,
        "from cryoet_data_portal import Client, Run",
        `client = Client(${literal(graphql)})`,
        "runs = Run.find(client)",
      ),
    },
    {
      name: "boto3",
      lines: python(
        "import boto3",
        "from botocore import UNSIGNED",
        "from botocore.config import Config",
        `s3 = boto3.client("s3", endpoint_url=${literal(s3)}, region_name="us-east-1", config=Config(signature_version=UNSIGNED))`,
        `s3.list_objects_v2(Bucket=${literal(bucket)}, Delimiter="/")`,
      ),
    },
    { name: "AWS", lines: quoteWords(["aws", "s3", "ls", "--no-sign-request", "--endpoint-url", s3, `s3://${bucket}/`]) },
    {
      name: "copick",
      lines: quoteWords(["emporium", "catalog", "export", "copick", base.href.replace(/\/$/, ""), "--out", "project.json"]),
    },
  ];
}
