import Primitives

package typealias AuditFault = Fault<AuditFaultCode>

/// Why an audit could not even begin. What it finds once it has begun are `AuditFinding`s.
package enum AuditFaultCode: String, FaultCode {
    case nothingPublished = "audit/nothing-published"
    case notAFolder = "audit/not-a-folder"
    case tooLarge = "audit/too-large"

    package var family: FaultFamily { .local }

    package var summary: String {
        switch self {
        case .nothingPublished: "no published root is to be had here"
        case .notAFolder: "the source has no folder of published metadata"
        case .tooLarge: "the published folder holds more than an audit looks at"
        }
    }

    package var hint: String? {
        "give the address or the folder that holds metadata/ and targets/, such as Releases or https://host/folder/"
    }
}
