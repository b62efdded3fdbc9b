import Primitives

package typealias JSONFault = Fault<JSONFaultCode>

/// Why bytes were not accepted as JSON, or a JSON value not as what was wanted.
package enum JSONFaultCode: String, FaultCode {
    case syntax = "json/syntax"
    case notUTF8 = "json/not-utf8"
    case duplicateName = "json/duplicate-name"
    case notAnInteger = "json/not-an-integer"
    case tooDeep = "json/too-deep"
    case tooLong = "json/too-long"
    case wrongType = "json/wrong-type"
    case missingField = "json/missing-field"
    case invalidValue = "json/invalid-value"

    package var family: FaultFamily { .refusal }

    package var summary: String {
        switch self {
        case .syntax: "malformed JSON"
        case .notUTF8: "JSON text is not UTF-8"
        case .duplicateName: "a name occurs twice in one JSON object"
        case .notAnInteger: "a number is not a 64-bit integer"
        case .tooDeep: "JSON is nested too deeply"
        case .tooLong: "JSON text is too long"
        case .wrongType: "a field has the wrong type"
        case .missingField: "a required field is missing"
        case .invalidValue: "a field has an invalid value"
        }
    }

    package var hint: String? { nil }
}
