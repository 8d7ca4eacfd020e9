// What the server says about a query and an answer, in the reader's language. It speaks English to
// programs; what is not known here is shown as it came.
import type { TextKey, Translate } from '@/text/index.ts';
import { number } from '@/ui/format.ts';

type Known = [RegExp, TextKey];

const kFaults: Known[] = [
  [/^more than (?<n>\d+) levels of parentheses/, 'find.fault.levels'],
  [/^more than (?<n>\d+) conditions/, 'find.fault.conditions'],
  [/^the query is longer than (?<n>\d+) bytes/, 'find.fault.long'],
  [/^a control character/, 'find.fault.control'],
  [/^the query is not UTF-8/, 'find.fault.utf8'],
  [/^a '\)' without its '\('/, 'find.fault.closing'],
  [/^a '\(' without its '\)'/, 'find.fault.opening'],
  [/^expected '\|' or the end/, 'find.fault.expectedPipe'],
  [/^more than (?<n>\d+) pipes/, 'find.fault.pipes'],
  [/^a condition is missing here/, 'find.fault.condition'],
  [/^"(?<word>and|or)" needs a condition on its left/, 'find.fault.left'],
  [/^a field's name is missing/, 'find.fault.field'],
  [/^equality is written with a colon/, 'find.fault.colon'],
  [/^a value for (?<word>.+) is missing here/, 'find.fault.valueOf'],
  [/^a value is missing here/, 'find.fault.value'],
  [/^a quotation mark that is never closed/, 'find.fault.quote'],
  [/^(?<word>\S+) has bits behind the network's length; meant is (?<meant>.+)/, 'find.fault.bits'],
  [/^a range needs a number/, 'find.fault.range'],
  [/^a command \((?<words>.+)\) is missing here/, 'find.fault.noCommand'],
  [/^there is no command "(?<word>.*)"; there are (?<words>.+)/, 'find.fault.command'],
  [/^a function \((?<words>.+)\) is missing here/, 'find.fault.noFunction'],
  [/^there is no function "(?<word>.*)"; there are (?<words>.+)/, 'find.fault.function'],
  [/^a condition over the table's columns is expected; it has (?<words>.+)/, 'find.fault.having'],
  [/^the table has no column "(?<word>.*)"; it has (?<words>.+)/, 'find.fault.noColumn'],
  [/^a regular expression without its closing/, 'find.fault.regexOpen'],
  [/^a bound is missing here/, 'find.fault.bound'],
  [/^a second table/, 'find.fault.tables'],
  [/^(?<word>\S+) is extracted twice/, 'find.fault.extracted'],
  [/^a pattern is missing here/, 'find.fault.pattern'],
  [/^the pattern names nothing/, 'find.fault.patternNames'],
  [/^a ',' and the width of the bins are missing/, 'find.fault.binWidth'],
  [/^the width of bins is a time/, 'find.fault.binForm'],
  [/^a ',' and the percentage are missing/, 'find.fault.noPercent'],
  [/^a percentage is more than 0/, 'find.fault.percent'],
  [/^a number from 1 to (?<n>\d+) is needed/, 'find.fault.limit'],
  [/^the name of a list is missing/, 'find.fault.list'],
  [/^a column's name is missing/, 'find.fault.column'],
  [/^a number is missing/, 'find.fault.number'],
  [/^a name is missing/, 'find.fault.name'],
  [/^more than (?<n>\d+) (names|columns)/, 'find.fault.names'],
  [/^(?<word>\w+) stands twice/, 'find.fault.twice'],
  [/^(?<word>\w+) comes before (?<words>.+)/, 'find.fault.order'],
  [/^two columns are named (?<word>.+)/, 'find.fault.sameName'],
  [/^a '\(' is missing after (?<word>.+)/, 'find.fault.noOpening'],
  [/^a '\)' is missing here/, 'find.fault.noClosing'],
  [/^count\(\) takes no field/, 'find.fault.count'],
  [/^the span ends before it begins/, 'find.fault.span'],
];

const kPartials: Known[] = [
  [/^not finished within (?<ms>\d+) ms/, 'find.why.time'],
  [/^more than (?<n>\d+) groups/, 'find.why.groups'],
  [/^cancelled/, 'find.why.cancelled'],
  [/^more than \d+ bytes/, 'find.why.bytes'],
  [/^more than (?<n>\d+) different values/, 'find.why.distinct'],
  [/memory/, 'find.why.memory'],
  [/^(?<word>\S+\.seg\S*)/, 'find.why.damaged'],
];

function words(known: Known[], text: string, t: Translate): string {
  for (const [pattern, key] of known) {
    const found = pattern.exec(text);
    if (found) {
      const parts: Record<string, string> = { ...found.groups };
      if (parts.n) parts.n = number(Number(parts.n));
      if (parts.ms)
        parts.seconds = number(Number(parts.ms) / 1000, Number(parts.ms) % 1000 ? 1 : 0);
      return t(key, parts);
    }
  }
  return text;
}

export const faultText = (text: string, t: Translate) => words(kFaults, text, t);
export const partialText = (text: string, t: Translate) => words(kPartials, text, t);
