/** The name by which a filter asks for the column. */
export const filterField = (field: string) =>
  field === 'message' ? 'event.original' : field === '_source' ? 'gac.source' : field;
