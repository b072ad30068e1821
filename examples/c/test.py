"""Plays the check of a model file with the example: test.py PROGRAM MODEL"""

import json
import subprocess
import sys
from array import array

program, model = sys.argv[1:]
with open(model, encoding="utf-8") as file:
    check = json.load(file)["check"]
played = subprocess.run([program, model], input=array("f", check["input"]["data"]).tobytes(), capture_output=True, check=True)
output = array("f", played.stdout)
error = max(abs(a - b) for a, b in zip(output, check["output"]["data"], strict=True))
print(f"largest error {error:.2g}")
assert error < 1e-5

refused = subprocess.run([program, __file__], input=b"", capture_output=True, check=False)
assert refused.returncode == 1 and b"test.py" in refused.stderr
