"""Who is visited: the YAML inventory and its readers.

document   bytes → plain values with lines         ranges      web[001:120] → names
faults     all that is wrong, said at once         values      text of one setting → checked value
entries    what each section may hold              declared    who is named where
groups     nesting                                 jumps       chains of jump hosts
resolve    host + groups + defaults → Host         reader      `load_inventory`
selection  `select_hosts`                          example     `render_example`
suggestion near misses
"""
