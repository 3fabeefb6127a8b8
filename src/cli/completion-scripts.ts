/** A command as a shell completes it. */
export interface CompletionWord {
  readonly name: string;
  readonly describe: string;
  /** Long options without their dashes. */
  readonly options: readonly { readonly name: string; readonly describe: string }[];
  /** Words that can follow the command. */
  readonly words: readonly string[];
}

type Script = (commands: readonly CompletionWord[]) => string;

/** Text inside single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A description where a colon or bracket would end it. */
const plain = (text: string): string => text.replaceAll(/[[\]:`]/g, "");

const bash: Script = (commands) => {
  const cases = commands.map(({ name, options, words }) => {
    const all = [...words, ...options.map((option) => `--${option.name}`), "--help"];
    return `    ${name}) words=${quoted(all.join(" "))} ;;`;
  });
  return `# bash completion of dockerloader
_dockerloader() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted([...commands.map(({ name }) => name), "--help", "--version"].join(" "))}
  else case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _dockerloader dockerloader
`;
};

const zsh: Script = (commands) => {
  const names = commands.map(({ name, describe }) => `    ${quoted(`${name}:${plain(describe)}`)}`);
  const cases = commands.map(({ name, options, words }) => {
    const flags = options.map((option) => quoted(`--${option.name}[${plain(option.describe)}]`));
    const rest = words.length === 0 ? [] : [quoted(`*:word:(${words.join(" ")})`)];
    return `    ${name}) _arguments ${[...flags, quoted("--help[show help]"), ...rest].join(" ")} ;;`;
  });
  return `#compdef dockerloader
_dockerloader() {
  local -a commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words; (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_dockerloader" ]; then _dockerloader "$@"; else compdef _dockerloader dockerloader; fi
`;
};

const fish: Script = (commands) => {
  const lines = commands.flatMap(({ name, describe, options, words }) => {
    const inside = `complete -c dockerloader -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c dockerloader -n __fish_use_subcommand -a ${name} -d ${quoted(describe)}`,
      ...options.map((option) => `${inside} -l ${option.name} -d ${quoted(option.describe)}`),
      ...(words.length === 0 ? [] : [`${inside} -a ${quoted(words.join(" "))}`]),
    ];
  });
  return `# fish completion of dockerloader\ncomplete -c dockerloader -f\n${lines.join("\n")}\n`;
};

/** The completion script of each shell: static text, so that completing starts no process. */
export const SCRIPTS: ReadonlyMap<string, Script> = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
]);
