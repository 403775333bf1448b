"""Rules as data: files → checked entries → rules that can be asked.

document   YAML → plain values             entries    the schema of a rule file
load       `load_rules`                    trials     a rule's own tests, on hosts made of text
hosts      hosts in a few words            stage      the evidence that a visit of one would give
builtin    the rules that come along       guide      the fields, as a page and as a JSON schema
"""
