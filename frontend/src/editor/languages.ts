// Which language a document is written in, by choice or by the ending of its name, and how the editor learns it.
// Used by the desk, the picker and the dialog of a new document. A language is fetched when it is first shown.

import type { Extension } from "@codemirror/state";

export interface Language {
  /** The word on the wire. */
  id: string;
  name: string;
  /** Endings of names, or whole names, in small letters. */
  endings: readonly string[];
  /** What one level of indentation is: spaces, or 0 for a tab. */
  indent: number;
  load(): Promise<Extension>;
}

const javascript = async (config: { jsx?: boolean; typescript?: boolean }) => (await import("@codemirror/lang-javascript")).javascript(config);

export const PLAIN: Language = { id: "text", name: "Plain text", endings: ["txt", "log", "text"], indent: 4, load: () => Promise.resolve([]) };

export const LANGUAGES: readonly Language[] = [
  PLAIN,
  { id: "c", name: "C", endings: ["c", "h"], indent: 4, load: async () => (await import("@codemirror/lang-cpp")).cpp() },
  { id: "cpp", name: "C++", endings: ["cc", "cpp", "cxx", "hh", "hpp", "hxx", "ino"], indent: 4, load: async () => (await import("@codemirror/lang-cpp")).cpp() },
  { id: "css", name: "CSS", endings: ["css"], indent: 2, load: async () => (await import("@codemirror/lang-css")).css() },
  { id: "go", name: "Go", endings: ["go"], indent: 0, load: async () => (await import("@codemirror/lang-go")).go() },
  { id: "html", name: "HTML", endings: ["html", "htm", "xhtml"], indent: 2, load: async () => (await import("@codemirror/lang-html")).html() },
  { id: "java", name: "Java", endings: ["java"], indent: 4, load: async () => (await import("@codemirror/lang-java")).java() },
  { id: "javascript", name: "JavaScript", endings: ["js", "mjs", "cjs"], indent: 2, load: () => javascript({}) },
  { id: "jsx", name: "JSX", endings: ["jsx"], indent: 2, load: () => javascript({ jsx: true }) },
  { id: "json", name: "JSON", endings: ["json", "jsonl", "webmanifest", "map"], indent: 2, load: async () => (await import("@codemirror/lang-json")).json() },
  { id: "markdown", name: "Markdown", endings: ["md", "markdown", "mkd"], indent: 2, load: async () => (await import("@codemirror/lang-markdown")).markdown() },
  { id: "php", name: "PHP", endings: ["php", "phtml"], indent: 4, load: async () => (await import("@codemirror/lang-php")).php() },
  { id: "python", name: "Python", endings: ["py", "pyi", "pyw", "bzl"], indent: 4, load: async () => (await import("@codemirror/lang-python")).python() },
  { id: "rust", name: "Rust", endings: ["rs"], indent: 4, load: async () => (await import("@codemirror/lang-rust")).rust() },
  { id: "sql", name: "SQL", endings: ["sql"], indent: 2, load: async () => (await import("@codemirror/lang-sql")).sql() },
  { id: "typescript", name: "TypeScript", endings: ["ts", "mts", "cts"], indent: 2, load: () => javascript({ typescript: true }) },
  { id: "tsx", name: "TSX", endings: ["tsx"], indent: 2, load: () => javascript({ jsx: true, typescript: true }) },
  { id: "xml", name: "XML", endings: ["xml", "svg", "xsd", "xsl", "rss"], indent: 2, load: async () => (await import("@codemirror/lang-xml")).xml() },
  { id: "yaml", name: "YAML", endings: ["yaml", "yml"], indent: 2, load: async () => (await import("@codemirror/lang-yaml")).yaml() },
];

/** The language that the ending of a name stands for. */
export function languageOfName(name: string): Language {
  const ending = name.toLowerCase().split(".").pop() ?? "";
  return LANGUAGES.find((language) => name.includes(".") && language.endings.includes(ending)) ?? PLAIN;
}

/** The language of a document: the chosen one, else by its name; a word that nobody here knows is plain text. */
export function languageOf({ language, name }: { language: string; name: string }): Language {
  if (language === "") return languageOfName(name);
  return LANGUAGES.find((one) => one.id === language) ?? PLAIN;
}
