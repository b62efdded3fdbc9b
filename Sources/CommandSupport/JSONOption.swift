import ArgumentParser
import CanonicalJSON

/// `--json`, for every command that reports: `@OptionGroup var json: JSONOption`.
package struct JSONOption: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print one JSON object instead of text.")
    package var isWanted = false

    package init() {}

    /// Prints the report in the form that was asked for. Field names of `object` are snake_case.
    package func print(_ object: @autoclosure () -> JSONObject, orText lines: @autoclosure () -> [String]) throws {
        if isWanted {
            try StandardOutput.print(.object(object()))
        } else {
            try StandardOutput.print(lines())
        }
    }
}
