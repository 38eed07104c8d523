import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import type { BatchState } from "../stations/curate/ledger/states.js";
import { command } from "./command.js";
import { ledgerOption } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate batches",
  summary: "The ledger of batches: what was collected, sent, accepted; what is left, the largest first",
  details: [
    "list shows the batches; list ID … some of them, --state and --label others, --history every line. add ID enters a batch that was sent before there was a ledger. set ID STATE moves one on, and set ID --note … notes something. remaining DIR … --matches FILE lists what is left by label, species and drive.",
    "A batch goes draft → packed → submitted → accepted → published; from submitted it may be rejected, and then begins again as draft. Each move keeps its time. curate collect makes drafts and packs them; a content is in one batch at most that was not rejected.",
    "The ledger is a file of lines in the workspace, curate/ledger/batches.jsonl: lines are added and never changed. --ledger names a folder or bucket that several people share; they write one after the other.",
  ],
  positionals: ["action", "word"],
  options: z.object({
    action: z.enum(["list", "add", "set", "remaining"]).meta({ description: "what to do", value: "list|add|set|remaining" }),
    word: z
      .array(z.string())
      .default([])
      .meta({ description: "names of batches, a name and a state, or folders of the archive", value: "WORD" }),
    state: z.string().optional().meta({ description: "state, to list or to begin with" }),
    label: z.string().optional().meta({ description: "label of its models" }),
    drive: z.array(z.string()).optional().meta({ description: "drive that they are from", value: "NAME" }),
    species: z.array(z.string()).optional().meta({ description: "species", value: "NAME" }),
    recipient: z.string().optional().meta({ description: "who gets it" }),
    note: z.string().optional().meta({ description: "anything else" }),
    history: z.boolean().default(false).meta({ description: "list every line of each batch" }),
    ...ledgerOption,
    matches: z.string().optional().meta({ description: "table of matched runs, for remaining", value: "FILE" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV, for remaining", value: "FILE" }),
  }),
  examples: [
    {
      run: "emporium curate batches add old-d3-MS --label MS --drive grp_tomo_db1_d3 --state submitted --note 'sent before there was a ledger'",
      says: "enter what was sent before",
    },
    { run: "emporium curate batches set old-d3-MS accepted", says: "one state on" },
    { run: "emporium curate batches list", says: "all of them" },
    {
      run: "emporium curate batches remaining demo-out/archive/grp_tomo_db1_d4 --matches demo-out/archive/matching_runs.csv",
      says: "what is left on a drive",
    },
  ],
  async run({ action, word, state, label, drive, species, recipient, note, history, matches, vocabulary, ledger }, io) {
    const [{ addBatch, listBatches, setBatch }, { parseState }, { remainingGroups }] = await Promise.all([
      import("../stations/curate/ledger/batches.js"),
      import("../stations/curate/ledger/states.js"),
      import("../stations/curate/ledger/remaining.js"),
    ]);
    const edit = { workspace: io.workspace, ledger, clock: io.clock, log: io.log, signal: io.signal };
    const facts = { label, drives: drive, species, recipient, note };
    const stateOf = (text: string | undefined): BatchState | undefined => (text === undefined ? undefined : parseState(text));
    if (action === "list") {
      const wanted = stateOf(state);
      const report = await listBatches({
        workspace: io.workspace,
        ledger,
        states: wanted && [wanted],
        label,
        ids: word,
        history,
      });
      return printReport(report, io);
    }
    if (action === "remaining") {
      if (word.length === 0) throw usage("remaining", "DIR: folders of the archive");
      return printReport(await remainingGroups(word, { ...edit, matches, vocabulary }), io);
    }
    const [id, next, ...more] = word;
    if (id === undefined || more.length > 0) throw usage(action, `ID${action === "set" ? " [STATE]" : ""}`);
    if (next !== undefined && (action === "add" || state !== undefined)) throw usage(action, "one state, and one name");
    const report =
      action === "add"
        ? await addBatch(id, { state: stateOf(state), facts }, edit)
        : await setBatch(id, { state: stateOf(next ?? state), facts }, edit);
    return printReport(report, io);
  },
});

function usage(action: string, wanted: string): EmporiumError {
  return new EmporiumError("USAGE", `curate batches ${action} wants ${wanted}`, { hint: "see emporium curate batches --help" });
}
