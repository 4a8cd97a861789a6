import { arrayOf, type Builtin, textOf } from './builtin.ts';
import { formatArgument, formatGo } from './go-format.ts';

const sprintf: Builtin = (format, args) => formatGo(textOf(format), arrayOf(args).map(formatArgument));

export const stringBuiltins = { sprintf };
