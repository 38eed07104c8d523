import { z } from "zod";
import type { Command } from "./command.js";
import { type Flag, flagsOf, GlobalOptions, positional, spellings, unwrap } from "./flags.js";

export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A script that completes command names, options, their values and paths, in one shell's language, without a last line break. */
export function completionScript(shell: (typeof SHELLS)[number], commands: readonly Command[]): string {
  return { bash, zsh, fish }[shell](commands);
}

/** Completions after the name of one command. */
interface Offer {
  words: string[];
  flags: Flag[];
  /** Values of the first positional, where they are a fixed set. */
  values: string[];
  /** Whether any positional is a path. */
  paths: boolean;
}

function offerOf(command: Command): Offer {
  const places = command.positionals.map((key) => unwrap(command.options.shape[key] as z.ZodType).core);
  const values = places.flatMap((core) => (core instanceof z.ZodEnum ? core.options.map(String) : []));
  return {
    words: command.name.split(" "),
    flags: [...flagsOf(command.options, command.positionals), ...flagsOf(GlobalOptions)],
    values,
    paths: places.length > 0 && values.length === 0,
  };
}

const isPath = (flag: Flag): boolean => ["DIR", "FILE"].includes(flag.value ?? "");

/** Names of a flag in all its forms, the short one and help included. */
function namesOf(flags: readonly Flag[]): string[] {
  return [
    ...flags.flatMap((flag) => [...spellings(flag).map(({ name }) => name), ...(flag.short ? [`-${flag.short}`] : [])]),
    "--help",
  ];
}

/** First words, and the second words of each group. */
function tree(offers: readonly Offer[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { words } of offers) {
    const seconds = groups.get(words[0]!) ?? [];
    if (words[1] !== undefined && !seconds.includes(words[1])) seconds.push(words[1]);
    groups.set(words[0]!, seconds);
  }
  return groups;
}

/** Names of commands with three words. */
const longNames = (offers: readonly Offer[]): string[] =>
  offers.filter(({ words }) => words.length > 2).map(({ words }) => `'${words.join(" ")}'`);

function bash(commands: readonly Command[]): string {
  const offers = commands.map(offerOf);
  const groups = [...tree(offers)];
  const groupNames = groups.filter(([, seconds]) => seconds.length > 0).map(([name]) => name);
  const valued = new Map<string, string>();
  for (const flag of offers.flatMap(({ flags }) => flags).filter(({ value }) => value !== undefined)) {
    const reply = flag.choices
      ? `COMPREPLY=($(compgen -W '${flag.choices.join(" ")}' -- "$current"))`
      : isPath(flag)
        ? "_emporium_paths"
        : "COMPREPLY=()";
    for (const { name } of spellings(flag)) valued.set(name, reply);
  }
  const replies = new Map<string, string[]>();
  for (const [name, reply] of valued) replies.set(reply, [...(replies.get(reply) ?? []), name]);
  return [
    "# bash completion of emporium; made by `emporium completion bash`",
    '_emporium_paths() { compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); }',
    "_emporium() {",
    `  local current=$2 previous=$3 name=\${COMP_WORDS[1]} at=2`,
    `  case $name in ${groupNames.join("|")}) name="$name \${COMP_WORDS[2]}" at=3 ;; esac`,
    `  if ((COMP_CWORD > 3)); then case "$name \${COMP_WORDS[3]}" in ${longNames(offers).join("|")}) name="$name \${COMP_WORDS[3]}" ;; esac; fi`,
    "  if ((COMP_CWORD == 1)); then",
    `    COMPREPLY=($(compgen -W '${[...groups.map(([name]) => name), "help", "--help", "--version"].join(" ")}' -- "$current"))`,
    "    return",
    "  fi",
    "  if ((COMP_CWORD < at)); then",
    `    case \${COMP_WORDS[1]} in`,
    ...groups
      .filter(([, seconds]) => seconds.length > 0)
      .map(([name, seconds]) => `      ${name}) COMPREPLY=($(compgen -W '${seconds.join(" ")} --help' -- "$current")) ;;`),
    "    esac",
    "    return",
    "  fi",
    "  case $previous in",
    ...[...replies].map(([reply, names]) => `    ${names.join("|")}) ${reply}; return ;;`),
    "  esac",
    "  case $name in",
    ...offers.flatMap(({ words, flags, values, paths }) => [
      `    '${words.join(" ")}')`,
      `      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '${namesOf(flags).join(" ")}' -- "$current"))`,
      `      else ${values.length > 0 ? `COMPREPLY=($(compgen -W '${values.join(" ")}' -- "$current"))` : paths ? "_emporium_paths" : "COMPREPLY=()"}; fi ;;`,
    ]),
    "  esac",
    "}",
    "complete -F _emporium emporium",
  ].join("\n");
}

/** Text inside single quotes of zsh's _arguments: brackets and colons mean something there. */
const zshText = (text: string): string => text.replace(/'/g, "'\\''").replace(/([[\]:])/g, "\\$1");

function zsh(commands: readonly Command[]): string {
  const offers = commands.map((command) => ({ command, ...offerOf(command) }));
  const groups = [...tree(offers)];
  const firsts = groups.map(([name, seconds]) => {
    const summary = seconds.length > 0 ? seconds.join(", ") : (commands.find((command) => command.name === name)?.summary ?? "");
    return `'${name}:${zshText(summary)}'`;
  });
  const argument = (flag: Flag): string[] => {
    const action =
      flag.value === undefined
        ? ""
        : `:${zshText(flag.value)}:${flag.choices ? `(${flag.choices.join(" ")})` : isPath(flag) ? "_files" : ""}`;
    const forms = [...spellings(flag).map(({ name }) => name), ...(flag.short ? [`-${flag.short}`] : [])];
    return forms.map((form) => `'${flag.repeatable ? "*" : ""}${form}[${zshText(flag.description)}]${action}'`);
  };
  return [
    "#compdef emporium",
    "# zsh completion of emporium; made by `emporium completion zsh`",
    "_emporium() {",
    "  local -a firsts seconds",
    `  firsts=(${firsts.join(" ")})`,
    "  if ((CURRENT == 2)); then _describe command firsts; return; fi",
    "  local name=$words[2] skip=1",
    "  case $name in",
    ...groups
      .filter(([, seconds]) => seconds.length > 0)
      .flatMap(([name, seconds]) => [
        `    ${name})`,
        `      seconds=(${seconds.map((second) => `'${second}:${zshText(commands.find((command) => command.name === `${name} ${second}`)?.summary ?? "")}'`).join(" ")})`,
        "      if ((CURRENT == 3)); then _describe command seconds; return; fi",
        '      name="$name $words[3]" skip=2 ;;',
      ]),
    "  esac",
    `  if ((CURRENT > 4)); then case "$name $words[4]" in ${longNames(offers).join("|")}) name="$name $words[4]" skip=3 ;; esac; fi`,
    "  shift $skip words; ((CURRENT -= skip))",
    "  case $name in",
    ...offers.flatMap(({ command, words, flags, values, paths }) => [
      `    '${words.join(" ")}')`,
      `      _arguments ${[
        ...flags.flatMap(argument),
        "'--help[show help]'",
        ...command.positionals.map(
          (key) =>
            `':${zshText(positional(command, key).name)}:${values.length > 0 ? `(${values.join(" ")})` : paths ? "_files" : ""}'`,
        ),
      ].join(" ")} ;;`,
    ]),
    "  esac",
    "}",
    'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _emporium "$@"; else compdef _emporium emporium; fi',
  ].join("\n");
}

const fishText = (text: string): string => `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;

function fish(commands: readonly Command[]): string {
  const offers = commands.map((command) => ({ command, ...offerOf(command) }));
  const groups = [...tree(offers)];
  const lines = ["# fish completion of emporium; made by `emporium completion fish`", "complete -c emporium -f"];
  for (const [name, seconds] of groups) {
    const summary = commands.find((command) => command.name === name)?.summary ?? seconds.join(", ");
    lines.push(`complete -c emporium -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`);
    for (const second of seconds) {
      const said = commands.find((command) => command.name === `${name} ${second}`)?.summary ?? "";
      const when = `__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${seconds.join(" ")}`;
      lines.push(`complete -c emporium -n ${fishText(when)} -a ${second} -d ${fishText(said)}`);
    }
  }
  for (const { words, flags, values, paths } of offers) {
    const when = fishText(words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and "));
    if (values.length > 0) lines.push(`complete -c emporium -n ${when} -a ${fishText(values.join(" "))}`);
    if (paths) lines.push(`complete -c emporium -n ${when} -F`);
    for (const flag of flags) {
      const action =
        flag.value === undefined
          ? ""
          : flag.choices
            ? ` -x -a ${fishText(flag.choices.join(" "))}`
            : isPath(flag)
              ? " -r -F"
              : " -x";
      const short = flag.short === undefined ? "" : ` -s ${flag.short}`;
      for (const { name } of spellings(flag)) {
        lines.push(`complete -c emporium -n ${when} -l ${name.slice(2)}${short}${action} -d ${fishText(flag.description)}`);
      }
    }
  }
  return lines.join("\n");
}
