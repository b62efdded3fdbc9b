import Foundation
import SystemPackage

/// Sets the mode of a file or folder.
func setMode(_ mode: Int, of path: FilePath) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.string)
}
