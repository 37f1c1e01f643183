# Run with the name of a file of {"schema": …, "files": […]}: prints a list of which of the files
# are valid, after the validator has checked the schema itself.
import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as request:
    data = json.load(request)
Draft202012Validator.check_schema(data["schema"])
validator = Draft202012Validator(data["schema"])
print(json.dumps([validator.is_valid(file) for file in data["files"]]))
