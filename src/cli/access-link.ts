import { z } from "zod";
import { command } from "./command.js";

const id = z.coerce.number().int().min(1);

export default command({
  name: "access link",
  summary: "Add a reviewer's link to the access rules of a server",
  details: [
    "Whoever opens the link sees the datasets and depositions that it names, through the day of --until. The file keeps a hash of the link's key, so the link is printed once. A running server reads the file again by itself; remove the link from the file to end it earlier.",
    "A dataset whose deposition is hidden stays hidden: give the link both. A program sends the key as a token: Authorization: Bearer KEY.",
  ],
  positionals: ["file"],
  options: z.object({
    file: z.string().meta({ description: "rules of serve --access; a file that is not there is created", value: "FILE" }),
    name: z.string().min(1).meta({ description: "name of the link, for you", value: "NAME" }),
    dataset: z.array(id).default([]).meta({ description: "dataset that the link shows", value: "ID" }),
    deposition: z.array(id).default([]).meta({ description: "deposition that the link shows", value: "ID" }),
    until: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, "a day such as 2027-03-01")
      .meta({ description: "last day on which the link shows anything", value: "DAY" }),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s?#]+$/, "an address such as https://portal.example.org")
      .default("http://127.0.0.1:8080")
      .meta({ description: "the URL at which people reach the server", value: "URL" }),
  }),
  examples: [
    {
      run: "emporium access link demo-out/access.yaml --name 'reviewer 2' --dataset 10401 --until 2027-03-01",
      says: "a link to one dataset",
    },
  ],
  async run({ file, name, dataset, deposition, until, url }, io) {
    const { addLink } = await import("../server/access/links.js");
    const key = addLink(file, { name, datasets: dataset, depositions: deposition, until });
    const page = dataset.length === 1 && deposition.length === 0 ? `datasets/${dataset[0]}` : "";
    const link = `${url.replace(/\/+$/, "")}/${page}?access=${key}`;
    if (io.json) io.outJson({ name, until, url: link, key });
    else {
      io.reveal(link);
      io.log.info(`${file} has the link ${name}, through ${until}; its key is not kept, so note the address now`);
    }
    return 0;
  },
});
