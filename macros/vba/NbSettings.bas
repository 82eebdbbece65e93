Attribute VB_Name = "NbSettings"
' Where the service is, and the user's token: in the user's own registry, never in a workbook.
Option Explicit

Private Function DefaultAddress() As String
    DefaultAddress = "http://127.0.0.1:8765"
End Function

Public Function ServerAddress() As String
    ServerAddress = DefaultAddress()
    On Error GoTo NoRegistry
    ServerAddress = GetSetting("nianbao", "server", "address", DefaultAddress())
NoRegistry:
End Function

Public Function ServerToken() As String
    On Error GoTo NoRegistry
    ServerToken = GetSetting("nianbao", "server", "token", "")
NoRegistry:
End Function

' An address as it is kept, without a slash at its end; empty when it is none.
Public Function CleanAddress(ByVal typed As String) As String
    typed = Trim(typed)
    Do While Right(typed, 1) = "/"
        typed = Left(typed, Len(typed) - 1)
    Loop
    If IsWebAddress(typed) Then CleanAddress = typed
End Function

Public Function IsWebAddress(ByVal url As String) As Boolean
    IsWebAddress = LCase(Left(url, 7)) = "http://" Or LCase(Left(url, 8)) = "https://"
End Function

' Asks for both; what is left empty or cancelled stays as it was.
Public Function AskSettings() As String
    Dim typed As String, address As String
    typed = InputBox("年报服务的地址：", "年报 设置", ServerAddress())
    If typed = "" Then Exit Function
    address = CleanAddress(typed)
    If address = "" Then
        AskSettings = "地址应以 http:// 或者 https:// 开头，没有保存。"
        Exit Function
    End If
    typed = Trim(InputBox("访问口令（不需更换的请留空，清除的请填 0）：", "年报 设置", ""))
    SaveSetting "nianbao", "server", "address", address
    If typed = "0" Then
        SaveSetting "nianbao", "server", "token", ""
    ElseIf typed <> "" Then
        SaveSetting "nianbao", "server", "token", typed
    End If
    AskSettings = "已保存。服务地址：" & address
End Function
