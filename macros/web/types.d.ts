// Types shared by the add-in's scripts; only the type checker reads this file.

type NianbaoCell = null | boolean | number | string | { error: string } | { date: string };

interface NianbaoSheet {
  name: string;
  protected: boolean;
  visible: boolean;
  values: NianbaoCell[][];
  formulas: Record<string, string>;
}

interface NianbaoBook {
  name: string;
  active_sheet: string;
  selection: string;
  properties: Record<string, string>;
}

interface NianbaoRead {
  book: NianbaoBook;
  sheets: NianbaoSheet[];
}

interface NianbaoLastYear {
  name: string;
  data: string;
}

/** One action of an answer; checked by `checkActions` before anything is applied. */
interface NianbaoAction {
  func: string;
  sheet: string | null;
  row: number | null;
  column: number | null;
  rows: number | null;
  columns: number | null;
  values: (null | boolean | number | string)[][] | null;
  args: any[];
}

interface NianbaoFoundCell {
  sheet: string;
  cell: string;
  label: string;
  value: string | number | null;
}

interface NianbaoFinding {
  id: string;
  rule: string;
  severity: string;
  state: string;
  message: string;
  remedy: string;
  cells: NianbaoFoundCell[];
  causes: string[];
}

interface NianbaoFile {
  file: string;
  status: string;
  findings: NianbaoFinding[];
}

type NianbaoReport = { files: NianbaoFile[] } | NianbaoFile;

interface NianbaoAnswer {
  actions: NianbaoAction[];
  say: string;
  report: NianbaoReport | null;
}

interface NianbaoSettings {
  address: string;
  token: string;
}

/** What the core asks of a program; the adapters are host_office.js and host_wps.js. */
interface NianbaoHost {
  client: string;
  /** Why the add-in cannot work here, in words for the user; empty if it can. */
  problem(): string;
  describe(): string;
  read(): Promise<NianbaoRead>;
  /** Applies actions on the workbook, in order; they have been checked. */
  apply(actions: NianbaoAction[]): Promise<void>;
  saveFile(name: string, base64: string): Promise<string>;
  openUrl(url: string): void;
  getItem(key: string): string;
  setItem(key: string, value: string): void;
}
