import { z } from "zod";
import { command } from "./command.js";
import { completionScript, SHELLS } from "./completion-scripts.js";

export default command({
  name: "completion",
  summary: "Print a completion script for bash, zsh or fish",
  details: [
    "For bash: emporium completion bash > ~/.local/share/bash-completion/completions/emporium. For zsh: a file _emporium in a folder of $fpath. For fish: ~/.config/fish/completions/emporium.fish.",
  ],
  positionals: ["shell"],
  options: z.object({ shell: z.enum(SHELLS).meta({ description: "bash, zsh or fish", value: "bash|zsh|fish" }) }),
  examples: [
    { run: "emporium completion bash", says: "print it" },
    { run: "emporium completion fish --json", says: "as a JSON document with one field, script" },
  ],
  async run({ shell }, io) {
    const script = completionScript(shell, await io.commands());
    if (io.json) io.outJson({ shell, script, errors: [] });
    else io.out(script);
    return 0;
  },
});
