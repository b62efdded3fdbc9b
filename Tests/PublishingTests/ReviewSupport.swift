import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

extension Association {
    func review() throws -> Review {
        Review(try Staging.load(workspace), workspace: workspace, now: now)
    }

    func sentences() throws -> [String] { try review().changes.map(\.sentence) }

    /// Changes `signed` of the one staged file of this role, and keeps its layout.
    func editStaged(_ fileName: String, renamedTo name: String? = nil, _ edit: (inout JSONObject) -> Void) throws {
        let path = "w/Staged/metadata/\(fileName)"
        guard case .object(var file) = try JSONValue.decode(#require(try folder.read(path))),
            case .object(var signed)? = file["signed"]
        else { return }
        edit(&signed)
        file["signed"] = .object(signed)
        try DurableStorage().remove(folder.path(path))
        try folder.write(JSONValue.object(file).fileEncoding, to: "w/Staged/metadata/\(name ?? fileName)")
    }

    /// Stages what no command of ours would, with a header that fits.
    func stageByHand(_ role: String, version: Int, _ edit: (inout JSONObject) -> Void) throws {
        let published = try #require(try folder.read("w/Releases/metadata/\(version - 1).\(role).json"))
        guard case .object(var file) = try JSONValue.decode(published) else { return }
        file["signatures"] = []
        try folder.write(JSONValue.object(file).fileEncoding, to: "w/Staged/metadata/\(version).\(role).json")
        try editStaged("\(version).\(role).json") { signed in
            signed["version"] = .integer(Int64(version))
            edit(&signed)
        }
    }

}

extension JSONObject {
    /// The object at a path of names; made when it is not there.
    subscript(path names: ByteString...) -> JSONObject {
        get { names.reduce(self) { if case .object(let inner)? = $0[$1] { inner } else { JSONObject() } } }
        set { set(newValue, at: names[...]) }
    }

    private mutating func set(_ object: JSONObject, at names: ArraySlice<ByteString>) {
        guard let first = names.first else { return self = object }
        var inner: JSONObject = if case .object(let object)? = self[first] { object } else { JSONObject() }
        inner.set(object, at: names.dropFirst())
        self[first] = .object(inner)
    }
}
