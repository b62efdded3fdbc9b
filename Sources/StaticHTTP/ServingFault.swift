import Primitives

package typealias ServingFault = Fault<ServingFaultCode>

/// What can keep the server from serving a folder, or from listening.
package enum ServingFaultCode: String, FaultCode {
    case notAFolder = "serve/not-a-folder"
    case workspace = "serve/workspace"
    case unreadable = "serve/unreadable"
    case changedWhileRead = "serve/changed-while-read"
    case tooMany = "serve/too-many"
    case notPublished = "serve/not-published"
    case invalidAddress = "serve/invalid-address"
    case cannotListen = "serve/cannot-listen"

    package var family: FaultFamily {
        switch self {
        case .invalidAddress, .workspace: .usage
        default: .local
        }
    }

    package var summary: String {
        switch self {
        case .notAFolder: "there is no folder to serve"
        case .workspace: "this is a whole workspace, with what must not be public"
        case .unreadable: "a published file or folder cannot be read"
        case .changedWhileRead: "a published file changed while it was read"
        case .tooMany: "there are more files or folders than this server takes"
        case .notPublished: "nothing is published in this folder yet"
        case .invalidAddress: "not an address to listen on"
        case .cannotListen: "cannot listen on this address"
        }
    }

    package var hint: String? {
        switch self {
        case .notAFolder: "name the folder that sceau publish writes, usually Releases"
        case .workspace: "serve the Releases folder inside it, and nothing else"
        case .unreadable: "every published file must be readable by the user the server runs as"
        case .changedWhileRead: "publish by renaming finished files; the server will try again"
        case .tooMany: "is this the Releases folder, or one far above it?"
        case .notPublished: "metadata/timestamp.json is what a publication ends with; run sceau publish first"
        case .invalidAddress: "give a number and a port, such as 127.0.0.1:8080 or [::1]:8080"
        case .cannotListen: "is another program listening there, or does the port need more rights?"
        }
    }
}
