import Primitives

package typealias SettingsFault = Fault<SettingsFaultCode>

/// A YAML file that a person wrote is not as it should be; the place is file and line.
package enum SettingsFaultCode: String, FaultCode {
    case invalid = "settings/invalid"

    package var family: FaultFamily { .usage }
    package var summary: String { "the file is not valid" }
    package var hint: String? { "correct this line and run the command again" }
}
