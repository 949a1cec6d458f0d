import { expect, test } from "vitest";
import { network } from "./fields";

test("the network of an address", () => {
  expect(network("198.51.100.77")).toBe("198.51.100.0/24");
  expect(network("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(network("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(network("::1")).toBe("0:0:0:0::/64");
  expect(network("not logged")).toBeUndefined();
  expect(network("1:2:3")).toBeUndefined();
});
